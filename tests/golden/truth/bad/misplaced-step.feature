Feature: Offers

  @invariant @structural
  Scenario: Prices are kept
    Given any fact under key "Strategies" with id "offer:*"
    Given field "price" must be at most 5
    Then any fact under key "Seeds"

  @invariant @structural
  Scenario: Nothing is selected
    Then field "price" must be at most 5

  @invariant @structural
  Scenario: A proposal is no fact
    Given any proposal under key "Strategies"
    Then field "price" must be at most 5

  @validation
  Scenario: No proposals
    Then it must include:
      | field | rule    |
      | price | decimal |

  @e2e
  Scenario: Nothing runs
    Then the stop reason is "CriteriaMet"

  @e2e
  Scenario: And comes first
    And the inputs from "x"
    When the truth runs to convergence
    Then all invariants hold

  @suggestor
  Scenario: Nobody executes
    Then it proposes facts only under key "Seeds"
