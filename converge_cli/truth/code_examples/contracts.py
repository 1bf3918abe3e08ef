"""Examples of the groups contract, pack and check."""

from converge_cli.truth.code_examples.example import Example, machine, other, truth

EXAMPLES: dict[str, Example] = {
    "unknown-key": truth("budgets: {cycles: 10}", "budget: {cycles: 10}"),
    "missing-key": truth(
        "job: {functional: Write notes}",
        "job: {actor: Writer, functional: Write notes}",
    ),
    "invalid-value": truth("budget: {cycles: many}", "budget: {cycles: 10}"),
    "unknown-kind-of-truth": truth("kind: jobs", "kind: job"),
    "expired-authority": truth(
        """
        authority: {expires: 2020-01-31}
        """,
        """
        authority: {expires: 2999-01-31}
        """,
    ),
    "no-required-criterion": truth(
        """
        success_criteria:
          - id: written
            description: A note is there
            required: false
            then: ['the Context key "Signals" contains at least 1 fact with id "note:*"']
        """,
        """
        success_criteria:
          - id: written
            description: A note is there
            required: true
            then: ['the Context key "Signals" contains at least 1 fact with id "note:*"']
        """,
    ),
    "business-rule-in-wiring": other(
        "wiring.yaml",
        """
        thresholds: {length: 100}
        """,
        """
        requires: {converge: ">=0.1"}
        """,
    ),
    "misapplied-truth": truth(
        """
        kind: policy
        applies_to: [large]
        """,
        """
        kind: job
        """,
    ),
    "unreachable-entity-state": truth(machine(states="draft, sent, lost"), machine()),
    "dead-entity-state": truth(machine(final=""), machine()),
    "unknown-pack": truth("packs: [smal]", "packs: [small]"),
    "broken-pack": other(
        "pack.yaml",
        """
        pack: v1
        name: small
        version: 0.1.0
        description: Writes notes
        suggestors: [Author]
        kinds: {note: Note}
        """,
        """
        pack: v1
        name: small
        version: 0.1.0
        description: Writes notes
        suggestors: [Writer]
        kinds: {note: Note}
        """,
    ),
    "invalid-parameters": truth(
        """
        packs: [small, procurement]
        parameters: {procurement: {shortlist: three}}
        """,
        """
        packs: [small, procurement]
        parameters: {procurement: {shortlist: 3}}
        """,
    ),
    "duplicate-kind": truth("packs: [small, small_too]", "packs: [small]"),
    "invalid-policy": other(
        "policy",
        """
        @id("free")
        permit (principal, action == Action::"commit", resource)
        when { context.amont == 0 };
        """,
        """
        @id("free")
        permit (principal, action == Action::"commit", resource)
        when { context.amount == 0 };
        """,
    ),
    "unreachable-gate": other(
        "policy",
        """
        @id("owner")
        permit (principal, action == Action::"commit", resource)
        when { principal.authority == "sovereign" };
        """,
        """
        @id("owner")
        permit (principal, action == Action::"commit", resource)
        when { principal.authority == "sovereign" };

        @id("free")
        permit (principal, action == Action::"commit", resource)
        when { context.amount == 0 };
        """,
    ),
    "idle-rule": other(
        "policy",
        """
        @id("free")
        permit (principal, action == Action::"commit", resource)
        when { context.amount == 0 };

        @id("never-negative")
        forbid (principal, action == Action::"commit", resource)
        when { context.amount < 0 };
        """,
        """
        @id("free")
        permit (principal, action == Action::"commit", resource)
        when { context.amount <= 0 };

        @id("never-negative")
        forbid (principal, action == Action::"commit", resource)
        when { context.amount < 0 };
        """,
    ),
    "shadowed-rule": other(
        "policy",
        """
        @id("free")
        permit (principal, action == Action::"commit", resource)
        when { context.amount == 0 };

        @id("small")
        permit (principal, action == Action::"commit", resource)
        when { context.amount <= 100 };
        """,
        """
        @id("small")
        permit (principal, action == Action::"commit", resource)
        when { context.amount <= 100 };
        """,
    ),
    "unguarded-clause": truth(
        """
        authority:
          actor: petra
          must_not: [{id: silence, text: Write an empty note}]
        """,
        """
        authority:
          actor: petra
          must_not: [{id: silence, text: Write an empty note, guarded_by: notes_have_text}]
        """,
    ),
    "unreachable-criterion": truth(
        """
        success_criteria:
          - id: written
            description: A note is there
            required: true
            then: ['the Context key "Strategies" contains at least 1 fact with id "note:*"']
        """,
        """
        success_criteria:
          - id: written
            description: A note is there
            required: true
            then: ['the Context key "Signals" contains at least 1 fact with id "note:*"']
        """,
    ),
    "absence-only-criterion": truth(
        """
        success_criteria:
          - id: calm
            description: Nobody is alarmed
            required: true
            then: ['no fact under key "Signals" with id "note:alarm" exists']
        """,
        """
        success_criteria:
          - id: written
            description: A note is there
            required: true
            then: ['the Context key "Signals" contains at least 1 fact with id "note:*"']
        """,
    ),
    "unused-approval-point": truth(
        """
        approval_points:
          - {id: publication, role: writer, approves: 'any proposal under key "Strategies"', modes: [ci]}
        """,
        """
        authority: {actor: petra, requires_approval: [publication]}
        approval_points:
          - {id: publication, role: writer, approves: 'any proposal under key "Signals" with id "note:*"', modes: [ci]}
        """,
    ),
    "contradictory-check": truth(
        """
        constraints:
          - id: price_range
            severity: hard
            given: 'any proposal under key "Signals" with id "note:*"'
            then: ['its confidence must be at least 2']
        """,
        """
        constraints:
          - id: sure
            severity: hard
            given: 'any proposal under key "Signals" with id "note:*"'
            then: ['its confidence must be at least 0.2']
        """,
    ),
    "vacuous-check": truth(
        """
        constraints:
          - {id: some, severity: hard, then: ['the Context key "Signals" contains at least 0 facts']}
        """,
        """
        constraints:
          - {id: some, severity: hard, then: ['the Context key "Signals" contains at least 1 fact']}
        """,
    ),
}
