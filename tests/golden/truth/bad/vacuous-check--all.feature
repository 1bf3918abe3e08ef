Feature: Checks that hold whatever happens

  @invariant @semantic
  Scenario: Counting what is there already
    Given any fact under key "Seeds" with id "vendor:*"
    Then at least 1 fact exists
    And the Context key "Seeds" contains at least 1 fact
    And the Context key "Seeds" contains at least 0 facts
    And the Context key "Seeds" contains at least 2 facts

  @invariant @structural
  Scenario: Everything is its own partner
    Given any fact under key "Seeds" with id "vendor:a"
    Then for each "Seeds" fact with id "vendor:*" there exists a "Seeds" fact whose field "id" equals its field "id"
    And field "price" must equal field "price" of fact "vendor:a" under key "Seeds"
    And field "price" must equal field "price" of fact "vendor:b" under key "Seeds"

  @invariant @structural
  Scenario: Values that a field can't fail to have
    Given any fact under key "Seeds" with id "vendor:*" where field "compliant" is true
    Then field "compliant" must be true
    And field "grade" must not be "C"
    And it must include:
      | field     | rule                   |
      | price     | decimal                |
      | grade     | one of A, B, C         |
      | compliant | one of true, false     |
    And it must include:
      | field     | rule                   |
      | id        | matches /.*/           |
    And it must include:
      | field     | rule                   |
      | id        | matches /^.*$/         |
      | since     | ISO date               |
      | columns.x | list of at least 0     |

  @validation
  Scenario: A proposal is sure of something
    Given any proposal under key "Strategies" with id "offer:*"
    Then its confidence must be at least 0
