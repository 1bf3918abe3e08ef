Feature: Offers

  @invariant @structural
  Scenario: Prices are kept
    Given any fact under key "Strategies" with id "offer:*"
    Then field "price" must be at least 10
    And field "price" must be at most 5

  @invariant @structural
  Scenario: No number
    Given any fact under key "Strategies" with id "offer:*"
    Then it must include:
      | field | rule                   |
      | price | number between 9 and 3 |

  @invariant @structural
  Scenario: No order
    Given any fact under key "Strategies" with id "offer:*"
    Then field "vendor" must be at least "a"

  @invariant @structural
  Scenario: No share
    Given any fact under key "Strategies" with id "offer:*"
    Then its confidence must be at least 2
