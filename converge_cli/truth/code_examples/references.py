"""Examples of the groups reference, gap, run and suppression."""

from converge_cli.truth.code_examples.example import Example, feature, machine, truth

EXAMPLES: dict[str, Example] = {
    "duplicate-id": feature(
        """
        @invariant @structural @id:text
        Scenario: A note has text
          Given any fact under key "Signals" with id "note:*"
          Then field "text" must not be ""

        @invariant @structural @id:text
        Scenario: A note is no excuse
          Given any fact under key "Signals" with id "note:*"
          Then field "text" must not be "sorry"
        """,
        """
        @invariant @structural @id:text
        Scenario: A note has text
          Given any fact under key "Signals" with id "note:*"
          Then field "text" must not be ""

        @invariant @structural @id:no_excuse
        Scenario: A note is no excuse
          Given any fact under key "Signals" with id "note:*"
          Then field "text" must not be "sorry"
        """,
    ),
    "malformed-id": feature(
        """
        @invariant @structural @id:Some-Text
        Scenario: A note has text
          Given any fact under key "Signals" with id "note:*"
          Then field "text" must not be ""
        """,
        """
        @invariant @structural @id:some_text
        Scenario: A note has text
          Given any fact under key "Signals" with id "note:*"
          Then field "text" must not be ""
        """,
    ),
    "unknown-context-key": feature(
        """
        @invariant @structural
        Scenario: A note has text
          Given any fact under key "Notes" with id "note:*"
          Then field "text" must not be ""
        """,
        """
        @invariant @structural
        Scenario: A note has text
          Given any fact under key "Signals" with id "note:*"
          Then field "text" must not be ""
        """,
    ),
    "malformed-pattern": feature(
        """
        @invariant @structural
        Scenario: A note has text
          Given any fact under key "Signals" with id "note"
          Then field "text" must not be ""
        """,
        """
        @invariant @structural
        Scenario: A note has text
          Given any fact under key "Signals" with id "note:*"
          Then field "text" must not be ""
        """,
    ),
    "unknown-kind": feature(
        """
        @invariant @structural
        Scenario: A note has text
          Given any fact under key "Signals" with id "letter:*"
          Then field "text" must not be ""
        """,
        """
        @invariant @structural
        Scenario: A note has text
          Given any fact under key "Signals" with id "note:*"
          Then field "text" must not be ""
        """,
    ),
    "unknown-field": feature(
        """
        @invariant @structural
        Scenario: A note has text
          Given any fact under key "Signals" with id "note:*"
          Then field "words" must not be ""
        """,
        """
        @invariant @structural
        Scenario: A note has text
          Given any fact under key "Signals" with id "note:*"
          Then field "text" must not be ""
        """,
    ),
    "unknown-point": truth(
        "authority: {actor: petra, requires_approval: [publication]}",
        """
        authority: {actor: petra, requires_approval: [publication]}
        approval_points:
          - {id: publication, role: writer, approves: 'any proposal under key "Signals" with id "note:*"', modes: [ci]}
        """,
    ),
    "undefined-check": truth(
        """
        authority:
          actor: petra
          must_not: [{id: silence, text: Write an empty note, guarded_by: notes_are_long}]
        """,
        """
        authority:
          actor: petra
          must_not: [{id: silence, text: Write an empty note, guarded_by: notes_have_text}]
        """,
    ),
    "unknown-role": truth(
        """
        approval_points:
          - {id: publication, role: editor, approves: 'any proposal under key "Signals" with id "note:*"', modes: [ci]}
        """,
        """
        approval_points:
          - {id: publication, role: writer, approves: 'any proposal under key "Signals" with id "note:*"', modes: [ci]}
        """,
    ),
    "unreachable-quorum": truth(
        """
        approval_points:
          - {id: publication, role: writer, approves: 'any proposal under key "Signals" with id "note:*"', quorum: 2}
        """,
        """
        approval_points:
          - {id: publication, role: writer, approves: 'any proposal under key "Signals" with id "note:*"', quorum: 1}
        """,
    ),
    "unknown-entity-state": truth(machine(move="{from: draft, to: send}"), machine()),
    "unknown-gate": truth(machine(move="{from: draft, to: sent, gates: [reviewed]}"), machine()),
    "unknown-person": truth("authority: {actor: paul}", "authority: {actor: petra}"),
    "deferred-clause": truth(
        """
        authority:
          actor: petra
          must_not: [{id: silence, text: Write an empty note, deferred: nobody reads them yet}]
        """,
        """
        authority:
          actor: petra
          must_not: [{id: silence, text: Write an empty note, guarded_by: notes_have_text}]
        """,
    ),
    "manual-scenario": feature(
        """
        @manual
        Scenario: A note pleases its reader
          Given any fact under key "Signals" with id "note:*"
          Then it pleases its reader
        """,
        """
        @invariant @structural
        Scenario: A note has text
          Given any fact under key "Signals" with id "note:*"
          Then field "text" must not be ""
        """,
    ),
    "not-exercised": feature(
        """
        @invariant @structural
        Scenario: An old note has text
          Given any fact under key "Signals" with id "note:old-*"
          Then field "text" must not be ""
        """,
        """
        @invariant @structural
        Scenario: A note has text
          Given any fact under key "Signals" with id "note:*"
          Then field "text" must not be ""
        """,
        run=True,
    ),
    "example-failed": feature(
        """
        @e2e
        Scenario: A note is refused
          When the truth runs to convergence
          Then the stop reason is "CriteriaUnmet"
        """,
        """
        @e2e
        Scenario: A note is written
          When the truth runs to convergence
          Then the stop reason is "CriteriaMet"
        """,
        run=True,
    ),
    "soft-violated": truth(
        """
        constraints:
          - id: polite
            severity: soft
            given: 'any proposal under key "Signals" with id "note:*"'
            then: ['field "text" must not be "hello"']
        """,
        """
        constraints:
          - id: polite
            severity: soft
            given: 'any proposal under key "Signals" with id "note:*"'
            then: ['field "text" must not be ""']
        """,
        run=True,
    ),
    "malformed-suppression": truth(
        "title: A note is perhaps written  # converge: ignore hedging-word",
        "title: A note is perhaps written  # converge: ignore hedging-word -- quoted from the contract",
    ),
    "unused-suppression": truth(
        "title: A note is written  # converge: ignore hedging-word -- quoted from the contract",
        "title: A note is written",
    ),
}
