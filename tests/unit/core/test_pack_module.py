"""Where in a pack an error came from, told in the same words on every machine."""

import pytest

from converge_cli.core.pack_module import pack_line, second_name

RAISES = "\n\ndef work():\n    return 1 / 0\n"


def line_of(module: str, path: str) -> str:
    """What is told of an error in a function of a module that stands at a path, called from here."""
    scope: dict[str, object] = {"__name__": module}
    exec(compile(RAISES, path, "exec"), scope)  # noqa: S102  a pack's module without a loader
    try:
        scope["work"]()  # type: ignore[operator]
    except ZeroDivisionError as error:
        return pack_line(error.__traceback__)
    raise AssertionError


@pytest.mark.parametrize(
    ("module", "path", "told"),
    [
        ("converge_packs.clinic.suggestors", "/home/a/packs/clinic/suggestors.py", "clinic/suggestors.py:4"),
        ("converge_packs.clinic.suggestors", "C:\\b\\packs\\clinic\\suggestors.py", "clinic/suggestors.py:4"),
        ("converge_packs.clinic", "/home/a/packs/clinic/__init__.py", "clinic/__init__.py:4"),
        ("converge_packs.clinic", "/home/a/packs/clinic.py", "clinic.py:4"),
        ("converge_packs.clinic.inner", "/x/packs/clinic/inner/__init__.py", "clinic/inner/__init__.py:4"),
        ("converge_packs.clinic.inner.deep", "/x/packs/clinic/inner/deep.py", "clinic/inner/deep.py:4"),
        (second_name("converge_packs.clinic", "0af3" * 16) + ".facts", "/x/clinic/facts.py", "clinic/facts.py:4"),
        (second_name("converge_packs.clinic", "0af3" * 16) + "_2.facts", "/x/clinic/facts.py", "clinic/facts.py:4"),
        ("clinic.suggestors", "/home/a/clinic/suggestors.py", ""),
    ],
)
def test_a_line_is_told_from_the_packs_folder_on(module: str, path: str, told: str) -> None:
    """Neither the machine's folders nor a second pack of the same name change it; other code has no place."""
    assert told == line_of(module, path)


def test_no_error_has_no_line() -> None:
    """An error that was made and never raised has no traceback."""
    assert "" == pack_line(None)
