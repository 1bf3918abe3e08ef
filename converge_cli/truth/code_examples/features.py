"""Examples of the groups gherkin, step and wording."""

from converge_cli.truth.code_examples.example import Example, feature, truth

EXAMPLES: dict[str, Example] = {
    "gherkin-syntax": feature(
        """
        @e2e
        Scenario: A note is written
          When the truth runs to convergence
          Then: the stop reason is "CriteriaMet"
        """,
        """
        @e2e
        Scenario: A note is written
          When the truth runs to convergence
          Then the stop reason is "CriteriaMet"
        """,
    ),
    "swallowed-line": feature(
        """
        @invariant @structural
        Scenario: A note has text
          Gven any fact under key "Signals" with id "note:*"
          Then field "text" must not be ""
        """,
        """
        @invariant @structural
        Scenario: A note has text
          Given any fact under key "Signals" with id "note:*"
          Then field "text" must not be ""
        """,
    ),
    "scenario-without-steps": feature(
        """
        @e2e
        Scenario: A note is written
        """,
        """
        @e2e
        Scenario: A note is written
          When the truth runs to convergence
          Then the stop reason is "CriteriaMet"
        """,
    ),
    "scenario-without-then": feature(
        """
        @e2e
        Scenario: A note is written
          When the truth runs to convergence
        """,
        """
        @e2e
        Scenario: A note is written
          When the truth runs to convergence
          Then the stop reason is "CriteriaMet"
        """,
    ),
    "unknown-tag": feature(
        """
        @invariant @structural @slow
        Scenario: A note has text
          Given any fact under key "Signals" with id "note:*"
          Then field "text" must not be ""
        """,
        """
        @invariant @structural
        Scenario: A note has text
          Given any fact under key "Signals" with id "note:*"
          Then field "text" must not be ""
        """,
    ),
    "misused-tag": feature(
        """
        @invariant @e2e
        Scenario: A note has text
          Given any fact under key "Signals" with id "note:*"
          Then field "text" must not be ""
        """,
        """
        @invariant @structural
        Scenario: A note has text
          Given any fact under key "Signals" with id "note:*"
          Then field "text" must not be ""
        """,
    ),
    "unused-column": feature(
        """
        @invariant @structural
        Scenario Outline: No note says <word>
          Given any fact under key "Signals" with id "note:*"
          Then field "text" must not be "<word>"

          Examples:
            | word  | reason  |
            | sorry | weak    |
        """,
        """
        @invariant @structural
        Scenario Outline: No note says <word>
          Given any fact under key "Signals" with id "note:*"
          Then field "text" must not be "<word>"

          Examples:
            | word  |
            | sorry |
        """,
    ),
    "unknown-placeholder": feature(
        """
        @invariant @structural
        Scenario Outline: No note says <word>
          Given any fact under key "Signals" with id "note:*"
          Then field "text" must not be "<wrod>"

          Examples:
            | word  |
            | sorry |
        """,
        """
        @invariant @structural
        Scenario Outline: No note says <word>
          Given any fact under key "Signals" with id "note:*"
          Then field "text" must not be "<word>"

          Examples:
            | word  |
            | sorry |
        """,
    ),
    "outline-without-examples": feature(
        """
        @invariant @structural
        Scenario Outline: No note says <word>
          Given any fact under key "Signals" with id "note:*"
          Then field "text" must not be "<word>"
        """,
        """
        @invariant @structural
        Scenario Outline: No note says <word>
          Given any fact under key "Signals" with id "note:*"
          Then field "text" must not be "<word>"

          Examples:
            | word  |
            | sorry |
        """,
    ),
    "duplicate-row": feature(
        """
        @e2e
        Scenario Outline: The reason for stopping is <reason>
          When the truth runs to convergence
          Then the stop reason is "<reason>"

          Examples:
            | reason      |
            | CriteriaMet |
            | CriteriaMet |
        """,
        """
        @e2e
        Scenario Outline: The reason for stopping is <reason>
          When the truth runs to convergence
          Then the stop reason is "<reason>"

          Examples:
            | reason      |
            | CriteriaMet |
        """,
    ),
    "duplicate-name": feature(
        """
        @invariant @structural @id:some_text
        Scenario: A note has text
          Given any fact under key "Signals" with id "note:*"
          Then field "text" must not be ""

        @invariant @structural @id:no_excuse
        Scenario: A note has text
          Given any fact under key "Signals" with id "note:*"
          Then field "text" must not be "sorry"
        """,
        """
        @invariant @structural @id:some_text
        Scenario: A note has text
          Given any fact under key "Signals" with id "note:*"
          Then field "text" must not be ""

        @invariant @structural @id:no_excuse
        Scenario: A note is no excuse
          Given any fact under key "Signals" with id "note:*"
          Then field "text" must not be "sorry"
        """,
    ),
    "feature-without-truth": truth("features: []", "features: [small.feature]"),
    "unknown-step": feature(
        """
        @e2e
        Scenario: A note is written
          When the truth runs to convergence
          Then it is rather nice
        """,
        """
        @e2e
        Scenario: A note is written
          When the truth runs to convergence
          Then the stop reason is "CriteriaMet"
        """,
    ),
    "misplaced-step": feature(
        """
        @invariant @structural
        Scenario: A note has text
          Given any fact under key "Signals" with id "note:*"
          Then the stop reason is "CriteriaMet"
        """,
        """
        @invariant @structural
        Scenario: A note has text
          Given any fact under key "Signals" with id "note:*"
          Then field "text" must not be ""
        """,
    ),
    "step-argument": feature(
        """
        @invariant @structural
        Scenario: A note is complete
          Given any fact under key "Signals" with id "note:*"
          Then it must include:
        """,
        """
        @invariant @structural
        Scenario: A note is complete
          Given any fact under key "Signals" with id "note:*"
          Then it must include:
            | field | rule             |
            | text  | non-empty string |
        """,
    ),
    "hedging-word": truth("title: A note is perhaps written", "title: A note is written"),
    "empty-claim": truth("title: Notes", "title: A note is written"),
}
