Feature: Every expense is committed with receipt and approval, or rejected for a reason
  A file of claims and a folder of receipts come in; each claim has an outcome of its own. A refused claim does not fail
  the run: it is an outcome like any other.

  Rule: What may never happen, not even for a moment

    @invariant @structural @id:committed_with_receipt
    Scenario: A committed expense has its receipt in the folder
      Given any fact under key "Strategies" with id "commitment:*"
      Then for each "Strategies" fact with id "commitment:*" there exists a "Seeds" fact with id "receipt:*" whose field "name" equals its field "receipt"

    @invariant @structural @id:committed_as_validated
    Scenario: A committed expense was validated
      Given any fact under key "Strategies" with id "commitment:*"
      Then for each "Strategies" fact with id "commitment:*" there exists an "Evaluations" fact with id "validation:*" whose field "expense" equals its field "expense"

    @invariant @structural @id:committed_once
    Scenario: No expense is committed twice
      Given any fact under key "Strategies" with id "commitment:*"
      Then field "expense" must be unique

  Rule: What must hold before the run may end

    @invariant @semantic @id:nothing_slips_through
    Scenario: Nothing is let through that an independent look at the files would have stopped
      Given any fact under key "Evaluations" with id "validation:*"
      Then no fact under key "Diagnostic" with id "breach:*" where field "open" is true exists

    @invariant @acceptance @id:committed_outcomes_are_commitments
    Scenario: An outcome that says committed is of a committed expense
      Given any fact under key "Evaluations" with id "outcome:*" where field "result" is "committed"
      Then for each "Evaluations" fact with id "outcome:*" where field "result" is "committed" there exists a "Strategies" fact with id "commitment:*" whose field "expense" equals its field "expense"

    @invariant @acceptance @id:rejected_outcomes_are_refusals
    Scenario: An outcome that says rejected is of a proposal that policy or a person refused
      Given any fact under key "Evaluations" with id "outcome:*" where field "result" is "rejected"
      Then for each "Evaluations" fact with id "outcome:*" where field "result" is "rejected" there exists a "Diagnostic" fact with id "denied:*" where field "cause" is not "resolved" whose field "subject" equals its field "decided"

    @invariant @acceptance @id:commitments_have_outcomes
    Scenario: A committed expense has its outcome
      Given any fact under key "Strategies" with id "commitment:*"
      Then for each "Strategies" fact with id "commitment:*" there exists an "Evaluations" fact with id "outcome:*" where field "result" is "committed" whose field "expense" equals its field "expense"

  Rule: What a proposal must look like

    @validation @id:outcomes_give_reasons
    Scenario: An outcome gives its reason
      Given any proposal under key "Evaluations" with id "outcome:*"
      Then it must include:
        | field   | rule             |
        | reason  | non-empty string |
        | decided | non-empty string |

    @validation @id:commitments_are_complete
    Scenario: A commitment names whom it pays, on what receipt, and how much
      Given any proposal under key "Strategies" with id "commitment:*"
      Then it must include:
        | field    | rule                  |
        | claimant | non-empty string      |
        | receipt  | non-empty string      |
        | amount   | number greater than 0 |

    @suggestor @id:settlement_only_reports
    Scenario: The settlement reports and decides nothing
      When suggestor "settlement" executes
      Then it proposes facts only under key "Evaluations"

  Rule: Each expense has an outcome of its own

    @e2e
    Scenario: Undecided, the expenses wait for the right people and the one without a receipt is rejected
      When the truth runs to convergence
      Then the stop reason is "HumanInterventionRequired"
      And criterion "done" is blocked
      And gate "validate" answers "PROMOTE" for "validation:e1"
      And gate "commit" answers "ESCALATE" for "commitment:e1"
      And gate "validate" answers "REJECT" for "validation:e2"
      And fact "outcome:e2" under key "Evaluations" has field "result" "rejected"
      And fact "outcome:e2" under key "Evaluations" has field "reason" "refused by policy: gate receipt missing"
      And gate "commit" answers "ESCALATE" for "commitment:e3"
      And gate "commit" answers "ESCALATE" for "commitment:e4"
      And gate "commit" answers "ESCALATE" for "commitment:e6"

    @e2e
    Scenario: When everybody has decided each expense has its outcome, and the run is done
      Given "manager" is approved by "fiona" for "commitment:e1"
      And "manager" is approved by "sofia" for "commitment:e3"
      And "authority_sovereign" is approved by "sofia" for "commitment:e3"
      And "manager" is approved by "fiona" for "commitment:e4"
      And "duplicate_review" is rejected by "carl"
      And "manager" is approved by "felix" for "commitment:e6"
      When the truth runs to convergence
      Then the stop reason is "CriteriaMet"
      And criterion "done" is met
      And fact "outcome:e1" under key "Evaluations" has field "reason" "approved by fiona (finance_manager)"
      And fact "outcome:e2" under key "Evaluations" has field "result" "rejected"
      And fact "outcome:e3" under key "Evaluations" has field "result" "committed"
      And fact "outcome:e4" under key "Evaluations" has field "result" "committed"
      And fact "outcome:e5" under key "Evaluations" has field "reason" "rejected by carl (finance_controller) at duplicate_review"
      And fact "outcome:e6" under key "Evaluations" has field "result" "committed"
      And all invariants hold
      And no invariant is unexercised

    @e2e
    Scenario: A duplicate that turns out to be another purchase is paid like any other
      Given input "expenses" is:
        | id | claimant | category | amount | date       | receipt     |
        | t1 | anna     | travel   | 89.50  | 2026-04-01 | taxi-1.txt  |
        | t2 | anna     | travel   | 89.50  | 2026-04-04 | taxi-2.txt  |
        | t3 | anna     | travel   | 89.50  | 2026-04-08 | taxi-3.txt  |
      And input "receipts" is:
        | name       | size | sha256 |
        | taxi-1.txt | 31   | 01aa   |
        | taxi-2.txt | 33   | 02bb   |
        | taxi-3.txt | 30   | 03cc   |
      And "duplicate_review" is approved by "carl"
      And "manager" is approved by "fiona"
      And "manager" is approved by "fiona" for "commitment:t2"
      When the truth runs to convergence
      Then the stop reason is "CriteriaMet"
      And fact "clearance:duplicate:t2" under key "Proposals" has field "reason" "same claimant and amount as t1 of 2026-04-01"
      And fact "outcome:t2" under key "Evaluations" has field "result" "committed"
      And fact "outcome:t3" under key "Evaluations" has field "result" "committed"
      And all invariants hold

    @e2e
    Scenario: Above the limit of its category an expense needs an exception
      Given input "expenses" is:
        | id | claimant | category | amount | date       | receipt    |
        | d1 | anna     | meals    | 500.00 | 2026-04-01 | dinner.txt |
        | d2 | anna     | meals    | 500.01 | 2026-04-10 | feast.txt  |
        | d3 | carl     | meals    | 900.00 | 2026-04-11 | party.txt  |
      And input "receipts" is:
        | name       | size | sha256 |
        | dinner.txt | 31   | 01aa   |
        | feast.txt  | 33   | 02bb   |
        | party.txt  | 30   | 03cc   |
      And "limit_exception" is approved by "felix" for "clearance:limit:d2"
      And "limit_exception" is rejected by "felix" for "clearance:limit:d3"
      And "manager" is approved by "fiona" for "commitment:d1"
      And "manager" is approved by "fiona" for "commitment:d2"
      When the truth runs to convergence
      Then the stop reason is "CriteriaMet"
      And fact "clearance:limit:d2" under key "Proposals" has field "reason" "500.01 is more than 500, the limit of meals"
      And fact "outcome:d1" under key "Evaluations" has field "result" "committed"
      And fact "outcome:d2" under key "Evaluations" has field "result" "committed"
      And fact "outcome:d3" under key "Evaluations" has field "result" "rejected"
      And all invariants hold

    @e2e
    Scenario: A sponsor in finance takes responsibility for a claim of another department
      Given input "expenses" is:
        | id | claimant | sponsor | category | amount | date       | receipt   |
        | p1 | petra    | anna    | travel   | 240.00 | 2026-04-01 | hotel.txt |
        | p2 | petra    |         | travel   | 120.00 | 2026-04-20 | train.txt |
      And input "receipts" is:
        | name      | size | sha256 |
        | hotel.txt | 31   | 01aa   |
        | train.txt | 33   | 02bb   |
      And "manager" is approved by "fiona"
      When the truth runs to convergence
      Then the stop reason is "CriteriaMet"
      And fact "outcome:p1" under key "Evaluations" has field "result" "committed"
      And gate "validate" answers "REJECT" for "validation:p2"
      And fact "outcome:p2" under key "Evaluations" has field "result" "rejected"

  Rule: Nobody gets around the receipt, the second person or the policy

    @e2e
    Scenario: Nobody approves an expense of their own
      Given "manager" is approved by "fiona" for "commitment:e6"
      When the truth runs to convergence
      Then the stop reason is "HumanInterventionRequired"
      And criterion "done" is blocked

    @e2e
    Scenario: Not even the sovereign raises the authority for a claim of her own
      Given input "expenses" is:
        | id | claimant | sponsor | category | amount  | date       | receipt   |
        | s1 | sofia    | carl    | training | 8400.00 | 2026-04-01 | board.txt |
      And input "receipts" is:
        | name      | size | sha256 |
        | board.txt | 31   | 01aa   |
      And "manager" is approved by "fiona"
      And "authority_sovereign" is approved by "sofia"
      When the truth runs to convergence
      Then the stop reason is "HumanInterventionRequired"
      And criterion "done" is blocked

    @e2e
    Scenario: A manager's approval is not enough above five thousand
      Given "manager" is approved by "fiona" for "commitment:e3"
      When the truth runs to convergence
      Then the stop reason is "HumanInterventionRequired"
      And gate "commit" answers "ESCALATE" for "commitment:e3"

    @e2e
    Scenario: An empty file is no receipt
      Given input "expenses" is:
        | id | claimant | category | amount | date       | receipt   |
        | h1 | anna     | travel   | 240.00 | 2026-04-01 | blank.txt |
      And input "receipts" is:
        | name      | size | sha256 |
        | blank.txt | 0    | e3b0   |
      When the truth runs to convergence
      Then the stop reason is "CriteriaMet"
      And fact "outcome:h1" under key "Evaluations" has field "result" "rejected"

    @e2e
    Scenario: A claim with somebody else's receipt is reviewed
      Given input "expenses" is:
        | id | claimant | category | amount | date       | receipt   |
        | r1 | anna     | travel   | 240.00 | 2026-04-01 | hotel.txt |
        | r2 | carl     | travel   | 260.00 | 2026-05-01 | hotel.txt |
      And input "receipts" is:
        | name      | size | sha256 |
        | hotel.txt | 31   | 01aa   |
      And "manager" is approved by "fiona"
      When the truth runs to convergence
      Then the stop reason is "HumanInterventionRequired"
      And fact "outcome:r1" under key "Evaluations" has field "result" "committed"

    @e2e
    Scenario: A second payment that skips the review is found out
      Given suggestor "colluder" proposes "validation:e5" under key "Evaluations":
        | field       | value                        |
        | expense     | e5                           |
        | claimant    | anna                         |
        | responsible | anna                         |
        | category    | training                     |
        | amount      | 4200.00                      |
        | receipt     | 2026-03-04-academy-again.txt |
      And "manager" is approved by "fiona" for "commitment:e1"
      And "manager" is approved by "sofia" for "commitment:e3"
      And "authority_sovereign" is approved by "sofia" for "commitment:e3"
      And "manager" is approved by "fiona" for "commitment:e4"
      And "manager" is approved by "fiona" for "commitment:e5"
      And "duplicate_review" is rejected by "carl"
      And "manager" is approved by "felix" for "commitment:e6"
      When the truth runs to convergence
      Then the stop reason is "InvariantViolated"
      And invariant "nothing_slips_through" is violated
      And fact "breach:e5" under key "Diagnostic" has field "reason" "looks like e1, and nobody reviewed it"

    @e2e
    Scenario: A commitment of more than was claimed is found out
      Given input "expenses" is:
        | id | claimant | category | amount | date       | receipt   |
        | g1 | anna     | travel   | 240.00 | 2026-04-01 | hotel.txt |
      And input "receipts" is:
        | name      | size | sha256 |
        | hotel.txt | 31   | 01aa   |
      And suggestor "padder" proposes "commitment:padded" under key "Strategies":
        | field       | value     |
        | expense     | g1        |
        | claimant    | anna      |
        | responsible | anna      |
        | category    | travel    |
        | amount      | 940.00    |
        | receipt     | hotel.txt |
      And "manager" is rejected by "felix" for "commitment:g1"
      And "manager" is approved by "fiona" for "commitment:padded"
      When the truth runs to convergence
      Then the stop reason is "InvariantViolated"
      And invariant "nothing_slips_through" is violated
      And invariant "commitments_have_outcomes" is violated
      And fact "breach:padded" under key "Diagnostic" has field "reason" "amount is not as it was claimed"

    @e2e
    Scenario: An expense that is committed under two names stops the run
      Given input "expenses" is:
        | id | claimant | category | amount | date       | receipt   |
        | g1 | anna     | travel   | 240.00 | 2026-04-01 | hotel.txt |
      And input "receipts" is:
        | name      | size | sha256 |
        | hotel.txt | 31   | 01aa   |
      And suggestor "twin" proposes "commitment:again" under key "Strategies":
        | field       | value     |
        | expense     | g1        |
        | claimant    | anna      |
        | responsible | anna      |
        | category    | travel    |
        | amount      | 240.00    |
        | receipt     | hotel.txt |
      And "manager" is approved by "fiona"
      When the truth runs to convergence
      Then the stop reason is "InvariantViolated"
      And invariant "committed_once" is violated

    @e2e
    Scenario: A commitment that nobody validated stops the run
      Given input "expenses" is:
        | id | claimant | category | amount | date       | receipt   |
        | g1 | anna     | travel   | 240.00 | 2026-04-01 | hotel.txt |
        | g2 | anna     | travel   | 240.00 | 2026-04-02 | hotel.txt |
      And input "receipts" is:
        | name      | size | sha256 |
        | hotel.txt | 31   | 01aa   |
      And suggestor "shortcut" proposes "commitment:ghost" under key "Strategies":
        | field       | value     |
        | expense     | g2        |
        | claimant    | anna      |
        | responsible | anna      |
        | category    | travel    |
        | amount      | 240.00    |
        | receipt     | hotel.txt |
      And "manager" is approved by "fiona" for "commitment:ghost"
      When the truth runs to convergence
      Then the stop reason is "InvariantViolated"
      And invariant "committed_as_validated" is violated

    @e2e
    Scenario: A commitment on a receipt that is not there stops the run
      Given input "expenses" is:
        | id | claimant | category | amount | date       | receipt   |
        | g1 | anna     | travel   | 240.00 | 2026-04-01 | hotel.txt |
      And input "receipts" is:
        | name      | size | sha256 |
        | hotel.txt | 31   | 01aa   |
      And suggestor "shortcut" proposes "commitment:ghost" under key "Strategies":
        | field       | value     |
        | expense     | g1        |
        | claimant    | anna      |
        | responsible | anna      |
        | category    | travel    |
        | amount      | 240.00    |
        | receipt     | ghost.txt |
      And "manager" is approved by "fiona" for "commitment:ghost"
      When the truth runs to convergence
      Then the stop reason is "InvariantViolated"
      And invariant "committed_with_receipt" is violated

    @e2e
    Scenario: An outcome that nobody decided is found out
      Given input "expenses" is:
        | id | claimant | category | amount | date       | receipt |
        | k1 | anna     | travel   | 240.00 | 2026-04-01 |         |
      And suggestor "forger" proposes "outcome:k2" under key "Evaluations":
        | field   | value            |
        | expense | k2               |
        | result  | committed        |
        | reason  | all is well      |
        | decided | commitment:k2    |
      When the truth runs to convergence
      Then the stop reason is "InvariantViolated"
      And invariant "committed_outcomes_are_commitments" is violated

    @e2e
    Scenario: A refusal that nobody uttered is found out
      Given input "expenses" is:
        | id | claimant | category | amount | date       | receipt |
        | k1 | anna     | travel   | 240.00 | 2026-04-01 |         |
      And suggestor "forger" proposes "outcome:k2" under key "Evaluations":
        | field   | value         |
        | expense | k2            |
        | result  | rejected      |
        | reason  | out of spite  |
        | decided | validation:k2 |
      When the truth runs to convergence
      Then the stop reason is "InvariantViolated"
      And invariant "rejected_outcomes_are_refusals" is violated

    @e2e
    Scenario: An outcome without a reason is rejected
      Given suggestor "silent" proposes "outcome:e1" under key "Evaluations":
        | field   | value         |
        | expense | e1            |
        | result  | rejected      |
        | reason  |               |
        | decided | validation:e1 |
      When the truth runs to convergence
      Then proposal "outcome:e1" is rejected with "VALIDATION"

    @e2e
    Scenario: An outcome can't begin as one that was reopened
      Given suggestor "undecided" proposes "outcome:e1" under key "Evaluations":
        | field   | value         |
        | expense | e1            |
        | result  | reopened      |
        | reason  | wait and see  |
        | decided | validation:e1 |
      When the truth runs to convergence
      Then proposal "outcome:e1" is rejected with "TRANSITION_ILLEGAL"

    @e2e
    Scenario: Nobody but the pack says that a gate is passed, and an approval is no such gate
      Given suggestor "helper" proposes "passed:manager_approval:e1" under key "Evaluations":
        | field    | value            |
        | gate     | manager_approval |
        | resource | e1               |
        | reason   | surely           |
      When the truth runs to convergence
      Then proposal "passed:manager_approval:e1" is rejected with "GATE_RESERVED"
      And the stop reason is "HumanInterventionRequired"

    @e2e
    Scenario: Only the engine writes approvals
      Given suggestor "forger" proposes "approval:manager:0123456789ab" under key "Diagnostic":
        | field | value   |
        | point | manager |
      When the truth runs to convergence
      Then proposal "approval:manager:0123456789ab" is rejected with "ENGINE_OWNED"
      And the stop reason is "HumanInterventionRequired"

    @e2e
    Scenario: A commitment to nobody is rejected before anybody is asked
      Given suggestor "hasty" proposes "commitment:e1" under key "Strategies":
        | field       | value    |
        | expense     | e1       |
        | claimant    |          |
        | responsible | anna     |
        | category    | training |
        | amount      | 4200.00  |
        | receipt     | a.txt    |
      When the truth runs to convergence
      Then proposal "commitment:e1" is rejected with "VALIDATION"
