Feature: Every invoice is issued to a valid customer, with lines that come to its amount
  Drafts come in with their lines and the customers. What is in order is issued when policy and a person agree.

  Rule: What may never happen, not even for a moment

    @invariant @structural @id:issued_to_customers
    Scenario: An issued invoice goes to an active customer
      Given any fact under key "Strategies" with id "invoice:*" where field "status" is "issued"
      Then for each "Strategies" fact with id "invoice:*" where field "status" is "issued" there exists a "Seeds" fact with id "customer:*" where field "active" is true whose field "id" equals its field "customer"

    @invariant @structural @id:issued_as_drafted
    Scenario: An issued invoice was drafted
      Given any fact under key "Strategies" with id "invoice:*"
      Then for each "Strategies" fact with id "invoice:*" there exists a "Seeds" fact with id "draft:*" whose field "number" equals its field "number"

    @invariant @structural @id:numbers_are_unique
    Scenario: No two invoices have one number
      Given any fact under key "Strategies" with id "invoice:*"
      Then field "number" must be unique

  Rule: What must hold before the run may end

    @invariant @semantic @id:nothing_slips_through
    Scenario: Nothing is issued that an independent look at the files would have stopped
      Given any fact under key "Strategies" with id "invoice:*" where field "status" is "issued"
      Then no fact under key "Diagnostic" with id "breach:*" where field "open" is true exists

  Rule: What a proposal must look like

    @validation @id:invoices_are_complete
    Scenario: An invoice names its customer and an amount above nothing
      Given any proposal under key "Strategies" with id "invoice:*"
      Then it must include:
        | field    | rule                  |
        | number   | non-empty string      |
        | customer | non-empty string      |
        | amount   | number greater than 0 |

    @suggestor @id:review_only_evaluates
    Scenario: The review of drafts evaluates and issues nothing
      When suggestor "draft-review" executes
      Then it proposes facts only under key "Evaluations"

  Rule: With both gates passed and an approval, it is issued

    @e2e
    Scenario: Undecided, both invoices wait for the finance manager
      When the truth runs to convergence
      Then the stop reason is "HumanInterventionRequired"
      And criterion "issued" is blocked
      And gate "commit" answers "ESCALATE" for "invoice:INV-1001@2"
      And fact "invoice:INV-1001" under key "Strategies" has field "status" "draft"

    @e2e
    Scenario: Approved by a finance manager, both are issued
      Given "invoice_issue" is approved by "fiona"
      When the truth runs to convergence
      Then the stop reason is "CriteriaMet"
      And gate "commit" answers "PROMOTE" for "invoice:INV-1002@2"
      And fact "invoice:INV-1001" under key "Strategies" has field "status" "issued"
      And fact "invoice:INV-1002" under key "Strategies" has field "amount" 480.5
      And all invariants hold
      And no invariant is unexercised

    @e2e
    Scenario: Rejected by the finance manager, an invoice stays a draft
      Given "invoice_issue" is approved by "fiona" for "invoice:INV-1001@2"
      And "invoice_issue" is rejected by "fiona" for "invoice:INV-1002@2"
      When the truth runs to convergence
      Then the stop reason is "CriteriaUnmet"
      And fact "invoice:INV-1001" under key "Strategies" has field "status" "issued"
      And fact "invoice:INV-1002" under key "Strategies" has field "status" "draft"

    @e2e
    Scenario: Whoever the run is done for does not approve
      Given "invoice_issue" is approved by "anna"
      When the truth runs to convergence
      Then the stop reason is "HumanInterventionRequired"

  Rule: Without a gate nobody is asked

    @e2e
    Scenario Outline: A draft that is not in order is refused, and says why
      Given input "invoices" is:
        | number | customer   | amount   | date       |
        | N-1    | <customer> | <amount> | 2026-03-30 |
      And input "lines" is:
        | invoice | line | description | quantity | unit_price |
        | N-1     | 1    | Work        | 4        | 25.00      |
      When the truth runs to convergence
      Then the stop reason is "PolicyDenied"
      And gate "commit" answers "REJECT" for "invoice:N-1@2"
      And fact "review:N-1" under key "Evaluations" has field "problems.0" "<problem>"
      And fact "invoice:N-1" under key "Strategies" has field "status" "draft"

      Examples:
        | customer | amount | problem                             |
        | nordwind | 100.01 | its lines come to 100.00, not 100.01 |
        | oldtown  | 100.00 | customer oldtown is not active       |
        | stranger | 100.00 | there is no customer stranger        |

  Rule: A bad suggestor does not get its way

    @e2e
    Scenario: An invoice does not begin as issued
      Given suggestor "hasty" proposes "invoice:INV-1001" under key "Strategies":
        | field    | value      |
        | number   | INV-1001   |
        | customer | nordwind   |
        | amount   | 1250.00    |
        | date     | 2026-03-30 |
        | status   | issued     |
      When the truth runs to convergence
      Then proposal "invoice:INV-1001" is rejected with "TRANSITION_ILLEGAL"
      And the stop reason is "HumanInterventionRequired"

    @e2e
    Scenario: An invoice over nothing is rejected
      Given suggestor "careless" proposes "invoice:INV-0" under key "Strategies":
        | field    | value      |
        | number   | INV-0      |
        | customer | nordwind   |
        | amount   | 0          |
        | date     | 2026-03-30 |
        | status   | draft      |
      When the truth runs to convergence
      Then proposal "invoice:INV-0" is rejected with "VALIDATION"

    @e2e
    Scenario: An invoice that nobody drafted stops the run
      Given suggestor "inventor" proposes "invoice:INV-9" under key "Strategies":
        | field    | value      |
        | number   | INV-9      |
        | customer | nordwind   |
        | amount   | 90.00      |
        | date     | 2026-03-30 |
        | status   | draft      |
      When the truth runs to convergence
      Then the stop reason is "InvariantViolated"
      And invariant "issued_as_drafted" is violated

    @e2e
    Scenario: An invoice under a second name stops the run
      Given suggestor "copier" proposes "invoice:copy" under key "Strategies":
        | field    | value      |
        | number   | INV-1001   |
        | customer | nordwind   |
        | amount   | 1250.00    |
        | date     | 2026-03-30 |
        | status   | draft      |
      When the truth runs to convergence
      Then the stop reason is "InvariantViolated"
      And invariant "numbers_are_unique" is violated

    @e2e
    Scenario: A line that is slipped in after the review is found out
      Given suggestor "latecomer" proposes "line:INV-1001:3" under key "Seeds":
        | field       | value     |
        | invoice     | INV-1001  |
        | line        | 3         |
        | description | Surcharge |
        | quantity    | 1         |
        | unit_price  | 99.00     |
      And "invoice_issue" is approved by "fiona"
      When the truth runs to convergence
      Then the stop reason is "InvariantViolated"
      And invariant "nothing_slips_through" is violated
      And fact "breach:invoice:INV-1001" under key "Diagnostic" has field "reason" "its lines come to 1349.00"
