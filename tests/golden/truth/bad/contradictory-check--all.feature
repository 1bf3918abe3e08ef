Feature: Checks that nothing can pass

  @invariant @structural
  Scenario: Two values at once
    Given any fact under key "Strategies" with id "offer:*"
    Then field "vendor" must be "a"
    And field "vendor" must be "b"
    And field "vendor" must not be "a"

  @invariant @structural
  Scenario: Bounds that cross
    Given any fact under key "Strategies" with id "offer:*"
    Then field "price" must be greater than 5
    And field "price" must be less than 5
    And field "price" must be at most 4
    And field "price" must not be at most 7
    And it must include:
      | field  | rule                  |
      | price  | number between 1 and 3 |
      | vendor | one of a, b           |
    And field "vendor" must be "c"
    And field "vendor" must be "a"

  @invariant @acceptance
  Scenario: None and some
    Given the engine reaches its fixed point
    Then the Context key "Strategies" contains exactly 0 facts with id "offer:*"
    And the Context key "Strategies" contains at least 1 fact with id "offer:*"
    And the Context key "Strategies" contains at least 1 fact
    And no fact under key "Strategies" exists

  @invariant @acceptance
  Scenario: A sum of two sizes
    Given any fact under key "Strategies" with id "offer:*"
    Then the sum of field "price" must equal 10
    And the sum of field "price" must not exceed 9

  @invariant @structural
  Scenario: Values that the field never has
    Given any fact under key "Seeds" with id "vendor:*" where field "compliant" is "yes"
    Then field "grade" must be "C"
    And field "price" must be at least 2030-01-01
    And field "id" must be 5
    And no fact under key "Strategies" with id "offer:*" where field "price" is one of "5", "6" exists
    And no fact under key "Strategies" with id "offer:*" where field "terms.days" matches /3/ exists
