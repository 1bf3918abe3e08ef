Feature: A period closes once, when books and bank agree and nothing in it is open, or is refused for a reason
  The balances of books and bank at the end of each period come in, with the items that explain why they differ, and the
  invoices. A period opens, is reconciled, closes. A refused one does not fail the run: it is an outcome like any other.

  Rule: What may never happen, not even for a moment

    @invariant @structural @id:periods_are_unique
    Scenario: No period stands there twice
      Given any fact under key "Strategies" with id "period:*"
      Then field "period" must be unique

  Rule: What must hold before the run may end

    @invariant @semantic @id:nothing_slips_through
    Scenario: No period is closed that an independent look at the files would have kept open
      Given any fact under key "Strategies" with id "period:*" where field "status" is "closed"
      Then no fact under key "Diagnostic" with id "breach:*" where field "open" is true exists

    @invariant @acceptance @id:closed_outcomes_are_closed
    Scenario: An outcome that says closed is of a closed period
      Given any fact under key "Evaluations" with id "outcome:*" where field "result" is "closed"
      Then for each "Evaluations" fact with id "outcome:*" where field "result" is "closed" there exists a "Strategies" fact with id "period:*" where field "status" is "closed" whose field "period" equals its field "about"

    @invariant @acceptance @id:refused_outcomes_are_refusals
    Scenario: An outcome that says refused is of a move that policy or a person refused
      Given any fact under key "Evaluations" with id "outcome:*" where field "result" is "refused"
      Then for each "Evaluations" fact with id "outcome:*" where field "result" is "refused" there exists a "Diagnostic" fact with id "denied:*" where field "cause" is not "resolved" whose field "subject" equals its field "decided"

  Rule: What a proposal must look like

    @validation @id:outcomes_give_reasons
    Scenario: An outcome gives its reason
      Given any proposal under key "Evaluations" with id "outcome:*"
      Then it must include:
        | field   | rule             |
        | reason  | non-empty string |
        | decided | non-empty string |

    @suggestor @id:reconciliation_only_evaluates
    Scenario: The reconciliation evaluates and closes nothing
      When suggestor "reconciliation" executes
      Then it proposes facts only under key "Evaluations"

  Rule: Each period has an outcome of its own

    @e2e
    Scenario: Undecided, the complete period waits for the finance manager and the other one is refused
      When the truth runs to convergence
      Then the stop reason is "HumanInterventionRequired"
      And criterion "done" is blocked
      And gate "validate" answers "PROMOTE" for "period:2026-03"
      And gate "commit" answers "ESCALATE" for "period:2026-03"
      And fact "period:2026-03" under key "Strategies" has field "status" "reconciled"
      And gate "validate" answers "REJECT" for "period:2026-04"
      And fact "outcome:period:2026-04" under key "Evaluations" has field "reason" "refused by policy: gate reconciliation_complete missing; item R-41 is open: Cash deposit, 25.00; invoice A-121 of 2026-04-20 is not issued: draft"

    @e2e
    Scenario: Approved by a finance manager, the complete period is closed
      Given "period_close" is approved by "felix"
      When the truth runs to convergence
      Then the stop reason is "CriteriaMet"
      And gate "commit" answers "PROMOTE" for "period:2026-03"
      And fact "period:2026-03" under key "Strategies" has field "status" "closed"
      And fact "period:2026-03" under key "Strategies" has field "book" 168210.15
      And fact "outcome:period:2026-03" under key "Evaluations" has field "reason" "approved by felix (finance_manager)"
      And fact "outcome:period:2026-04" under key "Evaluations" has field "result" "refused"
      And all invariants hold
      And no invariant is unexercised

    @e2e
    Scenario: Rejected by the finance manager, the period stays open
      Given "period_close" is rejected by "fiona"
      When the truth runs to convergence
      Then the stop reason is "CriteriaMet"
      And fact "outcome:period:2026-03" under key "Evaluations" has field "reason" "rejected by fiona (finance_manager) at period_close"
      And fact "period:2026-03" under key "Strategies" has field "status" "reconciled"

    @e2e
    Scenario Outline: A period in which something is left is refused, and says what
      Given input "periods" is:
        | period  | start      | end        |
        | 2026-03 | 2026-03-01 | 2026-03-31 |
      And input "closings" is:
        | period   | closed_on  | closed_by |
        | <closed> | 2026-04-02 | felix     |
      And input "ledger" is:
        | account | name    | date       | balance |
        | 1930    | Current | 2026-03-31 | 100.00  |
      And input "bank" is:
        | account | date       | balance |
        | <bank>  | 2026-03-31 | 90.00   |
      And input "items" is:
        | id | period  | account | date       | description | amount   | allocated_to |
        | R1 | 2026-03 | 1930    | 2026-03-30 | Deposit     | <amount> | <booking>    |
      And input "register" is:
        | invoice | date       | amount | status   | number   |
        | A-1     | 2026-03-31 | 10.00  | <status> | <number> |
      When the truth runs to convergence
      Then the stop reason is "CriteriaMet"
      And gate "validate" answers "REJECT" for "period:2026-03"
      And fact "outcome:period:2026-03" under key "Evaluations" has field "result" "refused"
      And fact "reconciliation:2026-03" under key "Evaluations" has field "problems.0" "<problem>"

      Examples:
        | closed  | bank | amount | booking | status    | number | problem                                                                                  |
        | 2026-02 | 1930 | 9.99   | V-1     | issued    | 1      | account 1930: 100.00 in the books, 90.00 at the bank, 9.99 explained, so 0.01 is not     |
        | 2026-02 | 1930 | 10.00  |         | issued    | 1      | item R1 is open: Deposit, 10.00                                                          |
        | 2026-02 | 1940 | 10.00  | V-1     | issued    | 1      | account 1930 has no balance of the bank on 2026-03-31                                    |
        | 2026-02 | 1930 | 10.00  | V-1     | validated |        | invoice A-1 of 2026-03-31 is not issued: validated                                       |
        | 2026-03 | 1930 | 10.00  | V-1     | issued    | 1      | it was closed before, on 2026-04-02                                                      |

    @e2e
    Scenario: Accounts whose differences cancel out do not agree by that
      Given input "ledger" is:
        | account | name    | date       | balance |
        | 1930    | Current | 2026-03-31 | 100.00  |
        | 1940    | Savings | 2026-03-31 | 200.00  |
      And input "bank" is:
        | account | date       | balance |
        | 1930    | 2026-03-31 | 110.00  |
        | 1940    | 2026-03-31 | 190.00  |
      And input "items" is:
        | id | period  | account | date       | description | amount | allocated_to |
        | R0 | 2026-02 | 1930    | 2026-02-27 | Deposit     | 1.00   | V-0          |
      When the truth runs to convergence
      Then the stop reason is "CriteriaMet"
      And gate "validate" answers "REJECT" for "period:2026-03"
      And fact "outcome:period:2026-03" under key "Evaluations" has field "result" "refused"

  Rule: Nobody gets around the gate, the second person or the end of a period

    @e2e
    Scenario: Somebody without the role does not close it
      Given "period_close" is approved by "carl"
      When the truth runs to convergence
      Then the stop reason is "HumanInterventionRequired"

    @e2e
    Scenario: Whoever the run is done for does not approve
      Given "period_close" is approved by "anna"
      When the truth runs to convergence
      Then the stop reason is "HumanInterventionRequired"

    @e2e
    Scenario: A gate that is passed by assertion is rejected
      Given suggestor "helper" proposes "passed:reconciliation_complete:2026-04" under key "Evaluations":
        | field    | value                   |
        | gate     | reconciliation_complete |
        | resource | 2026-04                 |
        | reason   | trust me                |
      When the truth runs to convergence
      Then proposal "passed:reconciliation_complete:2026-04" is rejected with "GATE_RESERVED"
      And fact "outcome:period:2026-04" under key "Evaluations" has field "result" "refused"

    @e2e
    Scenario: A period does not begin as closed
      Given suggestor "hasty" proposes "period:2026-04" under key "Strategies":
        | field  | value      |
        | period | 2026-04    |
        | start  | 2026-04-01 |
        | end    | 2026-04-30 |
        | book   | 171527.40  |
        | bank   | 171502.40  |
        | status | closed     |
      When the truth runs to convergence
      Then proposal "period:2026-04" is rejected with "TRANSITION_ILLEGAL"

    @e2e
    Scenario: An item that comes late is seen before the period closes
      Given suggestor "latecomer" proposes "item:R-33" under key "Seeds":
        | field       | value      |
        | id          | R-33       |
        | period      | 2026-03    |
        | account     | 1930       |
        | date        | 2026-03-31 |
        | description | Cash       |
        | amount      | -500.00    |
      When the truth runs to convergence
      Then the stop reason is "CriteriaMet"
      And fact "period:2026-03" under key "Strategies" has field "status" "open"
      And fact "outcome:period:2026-03" under key "Evaluations" has field "result" "refused"

    @e2e
    Scenario: A second balance that makes an account agree is found out
      Given input "bank" is:
        | account | date       | balance   |
        | 1930    | 2026-03-31 | 47000.00  |
        | 1940    | 2026-03-31 | 120000.00 |
      And suggestor "cook" proposes "statement:1930:again" under key "Seeds":
        | field   | value      |
        | account | 1930       |
        | date    | 2026-03-31 |
        | balance | 47402.65   |
      And "period_close" is approved by "felix"
      When the truth runs to convergence
      Then the stop reason is "InvariantViolated"
      And gate "commit" answers "PROMOTE" for "period:2026-03"
      And invariant "nothing_slips_through" is violated
      And fact "breach:period:2026-03" under key "Diagnostic" has field "reason" "account 1930 differs by -47000.00"

    @e2e
    Scenario: A period under a second name, with other sums, stops the run
      Given suggestor "cook" proposes "reconciliation:cooked" under key "Evaluations":
        | field     | value     |
        | period    | 2026-03   |
        | accounts  | 2         |
        | items     | 0         |
        | book      | 999999.00 |
        | bank      | 999999.00 |
        | explained | 0         |
      When the truth runs to convergence
      Then the stop reason is "InvariantViolated"
      And invariant "periods_are_unique" is violated

    @e2e
    Scenario: An outcome that nobody decided is found out
      Given suggestor "forger" proposes "outcome:period:2026-05" under key "Evaluations":
        | field   | value            |
        | about   | 2026-05          |
        | result  | closed           |
        | reason  | all is well      |
        | decided | period:2026-05@3 |
      And "period_close" is approved by "felix"
      When the truth runs to convergence
      Then the stop reason is "InvariantViolated"
      And invariant "closed_outcomes_are_closed" is violated

    @e2e
    Scenario: A refusal that nobody uttered is found out
      Given suggestor "forger" proposes "outcome:period:2026-05" under key "Evaluations":
        | field   | value            |
        | about   | 2026-05          |
        | result  | refused          |
        | reason  | out of spite     |
        | decided | period:2026-05@2 |
      And "period_close" is approved by "felix"
      When the truth runs to convergence
      Then the stop reason is "InvariantViolated"
      And invariant "refused_outcomes_are_refusals" is violated

    @e2e
    Scenario: An outcome without a reason is rejected
      Given suggestor "silent" proposes "outcome:period:2026-04" under key "Evaluations":
        | field   | value            |
        | about   | 2026-04          |
        | result  | refused          |
        | reason  |                  |
        | decided | period:2026-04@2 |
      When the truth runs to convergence
      Then proposal "outcome:period:2026-04" is rejected with "VALIDATION"
