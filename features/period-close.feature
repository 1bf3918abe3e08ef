Feature: A period closes only when the ledger and the bank agree on every payment in it
  The ledger's entries and the bank's movements of each period are paired by reference and amount. Nothing may be left.

  Rule: What may never happen, not even for a moment

    @invariant @structural @id:closed_is_reconciled
    Scenario: A closed period was reconciled
      Given any fact under key "Strategies" with id "period:*" where field "status" is "closed"
      Then for each "Strategies" fact with id "period:*" where field "status" is "closed" there exists an "Evaluations" fact with id "reconciliation:*" whose field "period" equals its field "period"

    @invariant @structural @id:periods_are_unique
    Scenario: No period stands there twice
      Given any fact under key "Strategies" with id "period:*"
      Then field "period" must be unique

  Rule: What must hold before the run may end

    @invariant @semantic @id:nothing_slips_through
    Scenario: No period is closed in which ledger and bank moved different sums
      Given any fact under key "Strategies" with id "period:*" where field "status" is "closed"
      Then no fact under key "Diagnostic" with id "breach:*" where field "open" is true exists

    @suggestor @id:reconciliation_only_evaluates
    Scenario: The reconciliation evaluates and closes nothing
      When suggestor "reconciliation" executes
      Then it proposes facts only under key "Evaluations"

  Rule: Reconciled and approved, a period closes

    @e2e
    Scenario: Undecided, the period waits for the finance manager
      When the truth runs to convergence
      Then the stop reason is "HumanInterventionRequired"
      And criterion "closed" is blocked
      And gate "commit" answers "ESCALATE" for "period:2026-03@2"
      And fact "reconciliation:2026-03" under key "Evaluations" has field "matched" 4
      And fact "period:2026-03" under key "Strategies" has field "status" "open"

    @e2e
    Scenario: Approved, the period is closed
      Given "period_close" is approved by "felix"
      When the truth runs to convergence
      Then the stop reason is "CriteriaMet"
      And gate "commit" answers "PROMOTE" for "period:2026-03@2"
      And fact "period:2026-03" under key "Strategies" has field "amount" 1370.1
      And all invariants hold
      And no invariant is unexercised

    @e2e
    Scenario: Somebody without the role does not close it
      Given "period_close" is approved by "carl"
      When the truth runs to convergence
      Then the stop reason is "HumanInterventionRequired"

  Rule: With something open nobody is asked

    @e2e
    Scenario: A payment that the bank does not have keeps the period open
      Given input "ledger" is:
        | id | date       | amount  | reference |
        | L1 | 2026-03-03 | 1250.00 | INV-0991  |
        | L2 | 2026-03-04 | 77.00   | INV-0992  |
      And input "bank" is:
        | id | date       | amount  | reference |
        | B1 | 2026-03-03 | 1250.00 | INV-0991  |
      When the truth runs to convergence
      Then the stop reason is "PolicyDenied"
      And gate "commit" answers "REJECT" for "period:2026-03@2"
      And fact "reconciliation:2026-03" under key "Evaluations" has field "open_entries.0" "L2"

    @e2e
    Scenario: A payment that the ledger does not have keeps the period open
      Given input "ledger" is:
        | id | date       | amount  | reference |
        | L1 | 2026-03-03 | 1250.00 | INV-0991  |
      And input "bank" is:
        | id | date       | amount  | reference |
        | B1 | 2026-03-03 | 1250.00 | INV-0991  |
        | B2 | 2026-03-04 | -12.00  | Fees      |
      When the truth runs to convergence
      Then the stop reason is "PolicyDenied"
      And fact "reconciliation:2026-03" under key "Evaluations" has field "open_movements.0" "B2"

    @e2e
    Scenario: Two payments that cancel out are not reconciled by that
      Given input "ledger" is:
        | id | date       | amount | reference |
        | L1 | 2026-03-03 | 50.00  | INV-0991  |
        | L2 | 2026-03-05 | -50.00 | INV-0992  |
      And input "bank" is:
        | id | date       | amount | reference |
        | B1 | 2026-04-03 | 10.00  | INV-0999  |
      When the truth runs to convergence
      Then the stop reason is "PolicyDenied"
      And fact "reconciliation:2026-03" under key "Evaluations" has field "matched" 0

  Rule: A bad suggestor does not get its way

    @e2e
    Scenario: A gate that is passed by assertion is rejected
      Given suggestor "helper" proposes "passed:reconciliation_complete:2026-03" under key "Evaluations":
        | field    | value                   |
        | gate     | reconciliation_complete |
        | resource | 2026-03                 |
        | reason   | trust me                |
      When the truth runs to convergence
      Then proposal "passed:reconciliation_complete:2026-03" is rejected with "GATE_RESERVED"

    @e2e
    Scenario: A period does not begin as closed
      Given suggestor "hasty" proposes "period:2026-02" under key "Strategies":
        | field  | value   |
        | period | 2026-02 |
        | amount | 0       |
        | status | closed  |
      When the truth runs to convergence
      Then proposal "period:2026-02" is rejected with "TRANSITION_ILLEGAL"

    @e2e
    Scenario: A period under a second name stops the run
      Given suggestor "copier" proposes "period:copy" under key "Strategies":
        | field  | value   |
        | period | 2026-03 |
        | amount | 0       |
        | status | open    |
      When the truth runs to convergence
      Then the stop reason is "InvariantViolated"
      And invariant "periods_are_unique" is violated

    @e2e
    Scenario: A payment that is slipped in after the reconciliation is found out
      Given suggestor "latecomer" proposes "movement:B-77199" under key "Seeds":
        | field     | value      |
        | id        | B-77199    |
        | date      | 2026-03-12 |
        | amount    | -500.00    |
        | reference | Cash       |
      And "period_close" is approved by "felix"
      When the truth runs to convergence
      Then the stop reason is "InvariantViolated"
      And invariant "nothing_slips_through" is violated
      And fact "breach:period:2026-03" under key "Diagnostic" has field "reason" "ledger and bank differ by 500.00 in Cash"
