Feature: %%title

  @invariant @structural @id:one_decision_each
  Scenario: A request is decided once
    Given any fact under key "Evaluations" with id "decision:*"
    Then field "request" must be unique

  @invariant @semantic @id:decisions_are_asked_for
  Scenario: A decision is about a request that was made
    Given any fact under key "Evaluations" with id "decision:*"
    Then for each "Evaluations" fact with id "decision:*" there exists a "Seeds" fact with id "request:*" whose field "id" equals its field "request"

  @validation @id:decisions_have_reasons
  Scenario: A decision says why
    Given any proposal under key "Evaluations" with id "decision:*"
    Then it must include:
      | field  | rule             |
      | reason | non-empty string |

  @e2e
  Scenario: A request that has waited for long is urgent, another one is not
    Given input "requests" is:
      | id | subject            | days_waiting |
      | 1  | The heating is off | 12           |
      | 2  | A new chair        | 3            |
    When the truth runs to convergence
    Then the stop reason is "CriteriaMet"
    And fact "decision:1" under key "Evaluations" has field "urgent" true
    And fact "decision:2" under key "Evaluations" has field "urgent" false
    And all invariants hold
    And no invariant is unexercised

  @e2e
  Scenario: A second opinion on a request stops the run
    Given suggestor "rival" proposes "decision:second_opinion" under key "Evaluations":
      | field   | value           |
      | request | 1               |
      | urgent  | false           |
      | reason  | It can wait too |
    When the truth runs to convergence
    Then the stop reason is "InvariantViolated"
    And invariant "one_decision_each" is violated

  @e2e
  Scenario: A decision that nobody asked for is found out
    Given suggestor "ghost" proposes "decision:ghost" under key "Evaluations":
      | field   | value            |
      | request | nobody           |
      | urgent  | true             |
      | reason  | Because I say so |
    When the truth runs to convergence
    Then the stop reason is "InvariantViolated"
    And invariant "decisions_are_asked_for" is violated

  @e2e
  Scenario: A decision without a reason never becomes a fact
    Given suggestor "hasty" proposes "decision:hasty" under key "Evaluations":
      | field   | value |
      | request | 1     |
      | urgent  | true  |
      | reason  |       |
    When the truth runs to convergence
    Then proposal "decision:hasty" is rejected with "VALIDATION"
    And the stop reason is "CriteriaMet"
