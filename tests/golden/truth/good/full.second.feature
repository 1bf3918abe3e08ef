Feature: Examples and contracts

  @suggestor @id:scorer_scores
  Scenario: The scorer scores and offers
    When suggestor "scorer" executes
    Then it proposes facts only under key "Evaluations", "Strategies"

  @validation @id:no_promises
  Scenario: An offer promises nothing
    Given any proposal under key "Strategies" with id "offer:*"
    And the Context contains facts under key "Seeds" with id "vendor:*"
    Then it must not contain any forbidden term:
      | term       | reason             |
      | guaranteed | nobody can promise |

  @e2e
  Scenario: Approved, the offer is made
    Given input "vendors" is:
      | id | price |
      | a  | 10    |
    And the inputs from "examples/one"
    And suggestor "rogue" proposes "offer:b" under key "Strategies":
      | field  | value |
      | vendor | b     |
      | price  | -1    |
    And "buying" is approved by "mona" for "offer:a"
    When the truth runs to convergence
    Then the stop reason is "CriteriaMet"
    And criterion "offered" is met
    And invariant "sums_1" holds
    And invariant "required_buying" is not exercised
    And gate "commit" answers "ESCALATE" for "offer:a"
    And proposal "offer:b" is rejected with "CONSTRAINT"
    And fact "offer:a" under key "Strategies" has field "price" 10
    And all invariants hold
    And no invariant is unexercised
