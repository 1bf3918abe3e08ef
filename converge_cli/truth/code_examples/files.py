"""Examples of the groups file and yaml."""

from converge_cli.truth.code_examples.example import Example, feature, truth

EXAMPLES: dict[str, Example] = {
    "not-utf8": truth("title: A note of Łukasz is written", "title: A note of Łukasz is written", encoding="iso8859-2"),
    "binary": truth("title: A note is written", "title: A note is written", encoding="utf-16"),
    "empty-file": feature(
        "# Feature: to be written",
        """
        Feature: A note is written

          @invariant @structural @id:notes_have_text
          Scenario: A note has text
            Given any fact under key "Signals" with id "note:*"
            Then field "text" must not be ""
        """,
    ),
    "missing-file": truth("features: [small.feature, large.feature]", "features: [small.feature]"),
    "yaml-syntax": truth("title: A note: it is written", 'title: "A note: it is written"'),
    "yaml-refused": truth("title: &title A note is written", "title: A note is written"),
    "duplicate-key": truth(
        """
        title: A note is written
        title: A letter is written
        """,
        "title: A note is written",
    ),
    "too-deep": truth(f"packs: {'[' * 120}small{']' * 120}", "packs: [small]"),
}
