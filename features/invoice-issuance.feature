Feature: Every invoice is issued to a valid customer with lines that come to its amount, or refused for a reason
  The lines of invoices come in with the customers and the register of what was issued before. Each invoice is drafted,
  validated, issued, and then gets the next number. A refused one does not fail the run: it is an outcome like any other.

  Rule: What may never happen, not even for a moment

    @invariant @structural @id:invoices_are_unique
    Scenario: No invoice stands there twice
      Given any fact under key "Strategies" with id "invoice:*"
      Then field "invoice" must be unique

    @invariant @structural @id:numbers_are_unique
    Scenario: No two invoices have one number
      Given any fact under key "Strategies" with id "number:*"
      Then field "number" must be unique

    @invariant @structural @id:numbers_have_no_gap
    Scenario: Each number follows one that was given
      Given any fact under key "Strategies" with id "number:*" where field "begins" is false
      Then for each "Strategies" fact with id "number:*" where field "begins" is false there exists a "Strategies" fact with id "number:*" whose field "number" equals its field "follows"

  Rule: What must hold before the run may end

    @invariant @semantic @id:nothing_slips_through
    Scenario: Nothing is issued that an independent look at the files would have stopped
      Given any fact under key "Strategies" with id "invoice:*" where field "status" is "issued"
      Then no fact under key "Diagnostic" with id "breach:*" where field "open" is true exists

    @invariant @acceptance @id:issued_are_numbered
    Scenario: An issued invoice has a number
      Given any fact under key "Strategies" with id "invoice:*" where field "status" is "issued"
      Then for each "Strategies" fact with id "invoice:*" where field "status" is "issued" there exists a "Strategies" fact with id "number:*" whose field "invoice" equals its field "invoice"

    @invariant @acceptance @id:numbers_are_of_issued
    Scenario: A number is that of an issued invoice
      Given any fact under key "Strategies" with id "number:*"
      Then for each "Strategies" fact with id "number:*" there exists a "Strategies" fact with id "invoice:*" where field "status" is "issued" whose field "invoice" equals its field "invoice"

    @invariant @acceptance @id:issued_outcomes_are_issued
    Scenario: An outcome that says issued is of an issued invoice
      Given any fact under key "Evaluations" with id "outcome:*" where field "result" is "issued"
      Then for each "Evaluations" fact with id "outcome:*" where field "result" is "issued" there exists a "Strategies" fact with id "invoice:*" where field "status" is "issued" whose field "invoice" equals its field "about"

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

    @suggestor @id:review_only_evaluates
    Scenario: The review of invoices evaluates and issues nothing
      When suggestor "invoice-review" executes
      Then it proposes facts only under key "Evaluations"

    @suggestor @id:settlement_only_reports
    Scenario: The settlement reports and decides nothing
      When suggestor "invoice-settlement" executes
      Then it proposes facts only under key "Evaluations"

  Rule: Each invoice has an outcome of its own

    @e2e
    Scenario: Undecided, what is in order waits for the finance manager and the rest is refused
      When the truth runs to convergence
      Then the stop reason is "HumanInterventionRequired"
      And criterion "done" is blocked
      And gate "validate" answers "PROMOTE" for "invoice:A-117"
      And gate "commit" answers "ESCALATE" for "invoice:A-117"
      And fact "invoice:A-117" under key "Strategies" has field "status" "validated"
      And gate "validate" answers "REJECT" for "invoice:A-119"
      And fact "outcome:invoice:A-119" under key "Evaluations" has field "reason" "refused by policy: gate customer_validated missing; customer oldtown is not active"
      And fact "outcome:invoice:A-120" under key "Evaluations" has field "reason" "refused by policy: gate line_items_balanced missing; its lines come to 119.00, not 119.01"
      And fact "invoice:A-120" under key "Strategies" has field "status" "draft"

    @e2e
    Scenario: Approved by a finance manager, what is in order is issued and numbered where the register ends
      Given "invoice_issue" is approved by "fiona"
      When the truth runs to convergence
      Then the stop reason is "CriteriaMet"
      And gate "commit" answers "PROMOTE" for "invoice:A-118"
      And fact "invoice:A-117" under key "Strategies" has field "status" "issued"
      And fact "invoice:A-118" under key "Strategies" has field "tax" 120.13
      And fact "number:A-117" under key "Strategies" has field "written" "2026-0043"
      And fact "number:A-118" under key "Strategies" has field "written" "2026-0044"
      And fact "outcome:invoice:A-118" under key "Evaluations" has field "reason" "number 2026-0044, approved by fiona (finance_manager)"
      And fact "outcome:invoice:A-119" under key "Evaluations" has field "result" "refused"
      And all invariants hold
      And no invariant is unexercised

    @e2e
    Scenario: A number is not wasted on an invoice that the finance manager rejects
      Given "invoice_issue" is rejected by "fiona" for "invoice:A-117"
      And "invoice_issue" is approved by "felix" for "invoice:A-118"
      When the truth runs to convergence
      Then the stop reason is "CriteriaMet"
      And fact "outcome:invoice:A-117" under key "Evaluations" has field "reason" "rejected by fiona (finance_manager) at invoice_issue"
      And fact "invoice:A-117" under key "Strategies" has field "status" "validated"
      And fact "number:A-118" under key "Strategies" has field "number" 43
      And all invariants hold

    @e2e
    Scenario: The first invoice of all has the first number
      Given input "register" is:
        | invoice | date       | amount | status | number |
        | A-100   | 2026-01-05 | 10.00  | draft  |        |
      And "invoice_issue" is approved by "fiona"
      When the truth runs to convergence
      Then the stop reason is "CriteriaMet"
      And fact "number:A-117" under key "Strategies" has field "written" "2026-0001"
      And fact "number:A-117" under key "Strategies" has field "begins" true
      And fact "number:A-118" under key "Strategies" has field "follows" 1

    @e2e
    Scenario Outline: What is not in order is refused, and says why
      Given input "invoices" is:
        | invoice | line | customer   | date       | amount   | description | quantity | unit_price | tax_rate |
        | N-1     | 1    | <customer> | 2026-03-30 | <amount> | Work        | 4        | 25.00      | 0        |
        | N-1     | 2    | <second>   | 2026-03-30 | <amount> | Rebate      | 1        | <rebate>   | 0        |
      And input "register" is:
        | invoice | date       | amount | status | number |
        | N-0     | 2026-01-05 | 10.00  | issued | 7      |
        | <old>   | 2026-01-06 | 10.00  | issued | 8      |
      And input "customers" is:
        | id       | name     | address  | tax_id   | active |
        | nordwind | Nordwind | Hamburg  | DE8112   | true   |
        | oldtown  | Old Town | York     | GB1234   | false  |
        | vague    | Vague    |          | SE5566   | true   |
      When the truth runs to convergence
      Then the stop reason is "CriteriaMet"
      And gate "validate" answers "REJECT" for "invoice:N-1"
      And fact "outcome:invoice:N-1" under key "Evaluations" has field "result" "refused"
      And fact "review:N-1" under key "Evaluations" has field "<field>" "<problem>"
      And fact "invoice:N-1" under key "Strategies" has field "status" "draft"

      Examples:
        | customer | second   | amount  | rebate  | old | field               | problem                                                 |
        | nordwind | nordwind | 90.01   | -10.00  | X-1 | line_problems.0     | its lines come to 90.00, not 90.01                      |
        | nordwind | oldtown  | 90.00   | -10.00  | X-1 | line_problems.0     | its lines name different customers: nordwind, oldtown   |
        | oldtown  | oldtown  | 90.00   | -10.00  | X-1 | customer_problems.0 | customer oldtown is not active                          |
        | stranger | stranger | 90.00   | -10.00  | X-1 | customer_problems.0 | there is no customer stranger                           |
        | vague    | vague    | 90.00   | -10.00  | X-1 | customer_problems.0 | customer vague has no address                           |
        | nordwind | nordwind | 90.00   | -10.00  | N-1 | customer_problems.0 | it was issued before, as number 8 of 2026-01-06         |

    @e2e
    Scenario: A negative amount is not issued as an invoice, however well it adds up
      Given input "invoices" is:
        | invoice | line | customer | date       | amount | description | quantity | unit_price | tax_rate |
        | C-1     | 1    | nordwind | 2026-03-30 | -50.00 | Returned    | -2       | 25.00      | 0        |
      When the truth runs to convergence
      Then the stop reason is "CriteriaMet"
      And gate "validate" answers "REJECT" for "invoice:C-1"
      And fact "outcome:invoice:C-1" under key "Evaluations" has field "reason" "refused by policy: amount-is-not-negative"

  Rule: Nobody gets around the gates, the second person or the numbers

    @e2e
    Scenario: Whoever the run is done for does not approve
      Given "invoice_issue" is approved by "anna"
      When the truth runs to convergence
      Then the stop reason is "HumanInterventionRequired"
      And criterion "done" is blocked

    @e2e
    Scenario: Somebody without the role does not approve
      Given "invoice_issue" is approved by "carl"
      When the truth runs to convergence
      Then the stop reason is "HumanInterventionRequired"

    @e2e
    Scenario: An invoice does not begin as issued
      Given suggestor "hasty" proposes "invoice:A-120" under key "Strategies":
        | field    | value      |
        | invoice  | A-120      |
        | customer | nordwind   |
        | date     | 2026-03-31 |
        | lines    | 1          |
        | net      | 100.00     |
        | tax      | 19.00      |
        | amount   | 119.01     |
        | status   | issued     |
      When the truth runs to convergence
      Then proposal "invoice:A-120" is rejected with "TRANSITION_ILLEGAL"
      And the stop reason is "HumanInterventionRequired"

    @e2e
    Scenario: A gate that is passed by assertion is rejected
      Given suggestor "helper" proposes "passed:line_items_balanced:A-120" under key "Evaluations":
        | field    | value               |
        | gate     | line_items_balanced |
        | resource | A-120               |
        | reason   | it is only a cent   |
      When the truth runs to convergence
      Then proposal "passed:line_items_balanced:A-120" is rejected with "GATE_RESERVED"
      And fact "outcome:invoice:A-120" under key "Evaluations" has field "result" "refused"

    @e2e
    Scenario: A line that comes late is seen, and what was validated is a draft again
      Given suggestor "latecomer" proposes "line:A-117:3" under key "Seeds":
        | field       | value      |
        | invoice     | A-117      |
        | line        | 3          |
        | customer    | nordwind   |
        | date        | 2026-03-30 |
        | amount      | 1487.50    |
        | description | Surcharge  |
        | quantity    | 1          |
        | unit_price  | 99.00      |
        | tax_rate    | 19         |
      And "invoice_issue" is approved by "fiona"
      When the truth runs to convergence
      Then the stop reason is "CriteriaMet"
      And fact "passed:line_items_balanced:A-117" under key "Evaluations" has field "holds" false
      And fact "outcome:invoice:A-117" under key "Evaluations" has field "reason" "refused by policy: gate line_items_balanced missing; its lines come to 1605.31, not 1487.50"
      And fact "invoice:A-118" under key "Strategies" has field "status" "issued"

    @e2e
    Scenario: An invoice under a second name, over more than its lines, stops the run
      Given suggestor "padder" proposes "review:padded" under key "Evaluations":
        | field    | value      |
        | invoice  | A-117      |
        | customer | nordwind   |
        | date     | 2026-03-30 |
        | lines    | 2          |
        | net      | 2250.00    |
        | tax      | 427.50     |
        | amount   | 2677.50    |
      When the truth runs to convergence
      Then the stop reason is "InvariantViolated"
      And invariant "invoices_are_unique" is violated

    @e2e
    Scenario: An invoice that is in no file is refused
      Given suggestor "inventor" proposes "review:A-999" under key "Evaluations":
        | field    | value      |
        | invoice  | A-999      |
        | customer | nordwind   |
        | date     | 2026-03-30 |
        | lines    | 1          |
        | net      | 90.00      |
        | tax      | 0          |
        | amount   | 90.00      |
      When the truth runs to convergence
      Then the stop reason is "HumanInterventionRequired"
      And gate "validate" answers "REJECT" for "invoice:A-999"
      And fact "outcome:invoice:A-999" under key "Evaluations" has field "result" "refused"

    @e2e
    Scenario: A customer who is called active by a second entry is found out
      Given suggestor "friend" proposes "customer:oldtown-again" under key "Seeds":
        | field   | value              |
        | id      | oldtown            |
        | active  | true               |
        | name    | Old Town Ltd       |
        | address | 1 High Street York |
        | tax_id  | GB123456789        |
      And "invoice_issue" is approved by "fiona"
      When the truth runs to convergence
      Then the stop reason is "InvariantViolated"
      And gate "commit" answers "PROMOTE" for "invoice:A-119"
      And invariant "nothing_slips_through" is violated
      And fact "breach:invoice:A-119" under key "Diagnostic" has field "reason" "oldtown is no active customer"

    @e2e
    Scenario: A number that is given twice stops the run
      Given suggestor "clerk" proposes "number:one" under key "Strategies":
        | field   | value     |
        | invoice | A-119     |
        | number  | 43        |
        | follows | 42        |
        | begins  | true      |
        | written | 2026-0043 |
      And suggestor "clerk" proposes "number:two" under key "Strategies":
        | field   | value     |
        | invoice | A-120     |
        | number  | 43        |
        | follows | 42        |
        | begins  | true      |
        | written | 2026-0043 |
      When the truth runs to convergence
      Then the stop reason is "InvariantViolated"
      And invariant "numbers_are_unique" is violated

    @e2e
    Scenario: A number that leaves others out stops the run
      Given suggestor "clerk" proposes "number:A-117" under key "Strategies":
        | field   | value     |
        | invoice | A-117     |
        | number  | 99        |
        | follows | 98        |
        | begins  | false     |
        | written | 2026-0099 |
      When the truth runs to convergence
      Then the stop reason is "InvariantViolated"
      And invariant "numbers_have_no_gap" is violated

    @e2e
    Scenario: A series that begins anywhere else than where the register ends is found out
      Given suggestor "clerk" proposes "number:A-117" under key "Strategies":
        | field   | value     |
        | invoice | A-117     |
        | number  | 99        |
        | follows | 98        |
        | begins  | true      |
        | written | 2026-0099 |
      And "invoice_issue" is approved by "fiona"
      When the truth runs to convergence
      Then the stop reason is "InvariantViolated"
      And fact "breach:invoice:A-117" under key "Diagnostic" has field "reason" "number 99 does not go on from 42 one by one"

    @e2e
    Scenario: An issued invoice whose number went to another one is found out
      Given suggestor "clerk" proposes "number:A-117" under key "Strategies":
        | field   | value     |
        | invoice | A-119     |
        | number  | 43        |
        | follows | 42        |
        | begins  | true      |
        | written | 2026-0043 |
      And "invoice_issue" is approved by "fiona"
      When the truth runs to convergence
      Then the stop reason is "InvariantViolated"
      And invariant "issued_are_numbered" is violated
      And invariant "numbers_are_of_issued" is violated

    @e2e
    Scenario: An outcome that nobody decided is found out
      Given suggestor "forger" proposes "outcome:invoice:A-999" under key "Evaluations":
        | field   | value           |
        | about   | A-999           |
        | result  | issued          |
        | reason  | all is well     |
        | decided | invoice:A-999@3 |
      And "invoice_issue" is approved by "fiona"
      When the truth runs to convergence
      Then the stop reason is "InvariantViolated"
      And invariant "issued_outcomes_are_issued" is violated

    @e2e
    Scenario: A refusal that nobody uttered is found out
      Given suggestor "forger" proposes "outcome:invoice:A-999" under key "Evaluations":
        | field   | value           |
        | about   | A-999           |
        | result  | refused         |
        | reason  | out of spite    |
        | decided | invoice:A-999@2 |
      And "invoice_issue" is approved by "fiona"
      When the truth runs to convergence
      Then the stop reason is "InvariantViolated"
      And invariant "refused_outcomes_are_refusals" is violated

    @e2e
    Scenario: An outcome without a reason is rejected
      Given suggestor "silent" proposes "outcome:invoice:A-117" under key "Evaluations":
        | field   | value           |
        | about   | A-117           |
        | result  | refused         |
        | reason  |                 |
        | decided | invoice:A-117@2 |
      When the truth runs to convergence
      Then proposal "outcome:invoice:A-117" is rejected with "VALIDATION"
