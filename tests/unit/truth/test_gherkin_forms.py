"""How a feature is written down changes nothing: line ends, marks, indentation, language."""

from typing import Any

import pytest

FEATURE = """Feature: Offers

  @invariant @structural
  Scenario: An offer has a vendor
    Given any fact under key "Strategies" with id "offer:*"
    Then field "vendor" must not be "nobody"
    And field "price" must be greater than 0
"""
_FORMS = {
    "windows": lambda text: text.replace("\n", "\r\n"),
    "old mac": lambda text: text.replace("\n", "\r"),
    "byte order mark": lambda text: "\ufeff" + text,
    "tabs": lambda text: text.replace("  ", "\t"),
    "no last line end": lambda text: text.rstrip("\n"),
    "blank lines": lambda text: text.replace("\n", "\n\n   \n"),
    "comments": lambda text: text.replace("\n", "\n# Then nothing\n"),
}
_LANGUAGES = {
    "sv": ("Egenskap", "Scenario", "Givet ", "Så ", "Och "),
    "de": ("Funktionalität", "Szenario", "Angenommen ", "Dann ", "Und "),
    "fr": ("Fonctionnalité", "Scénario", "Étant donné ", "Alors ", "Et "),
    "fi": ("Ominaisuus", "Tapaus", "Oletetaan ", "Niin ", "Ja "),
    "ja": ("機能", "シナリオ", "前提", "ならば", "かつ"),
}


def _meant(compiled: Any) -> list[Any]:
    assert () == compiled.diagnostics
    return [(item.id, item.given, item.then) for item in compiled.job.invariants]


@pytest.mark.parametrize("form", _FORMS)
def test_the_form_of_a_file_changes_nothing(compile_text: Any, form: str) -> None:
    """The same job, whatever editor wrote the file."""
    assert _meant(compile_text(FEATURE)) == _meant(compile_text(_FORMS[form](FEATURE)))


@pytest.mark.parametrize("language", _LANGUAGES)
def test_keywords_may_be_of_any_language_of_gherkin(compile_text: Any, language: str) -> None:
    """The sentences stay English; the job is the same."""
    text = FEATURE
    for english, own in zip(("Feature", "Scenario", "Given ", "Then ", "And "), _LANGUAGES[language], strict=True):
        text = text.replace(english, own)
    assert _meant(compile_text(FEATURE)) == _meant(compile_text(f"# language: {language}\n{text}"))


@pytest.mark.parametrize("language", ["sv", "de", "fr", "fi"])
def test_a_misspelt_first_step_is_told_in_any_language(compile_text: Any, language: str) -> None:
    """Gherkin would take it for description in Swedish, too."""
    text = FEATURE
    for english, own in zip(("Feature", "Scenario", "Given ", "Then ", "And "), _LANGUAGES[language], strict=True):
        text = text.replace(english, own)
    given = _LANGUAGES[language][2]
    compiled = compile_text(f"# language: {language}\n{text.replace(given, given[:2] + given[3:])}")

    assert None is compiled.job
    first = compiled.diagnostics[0]
    assert ("swallowed-line", 6, f"write {given.strip()}, spelt so") == (first.name, first.line, first.fix)
