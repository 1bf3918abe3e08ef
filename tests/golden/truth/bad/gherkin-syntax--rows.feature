Feature: Offers

  @invariant @structural
  Scenario: An offer is complete
    Given any fact under key "Strategies" with id "offer:*"
    Then it must include:
      | field  | rule                  |
      | vendor | non-empty string      | yes |
      | price  | number greater than 0 | days

  @invariant @structural
  Scenario Outline: An offer is not of <vendor>
    Given any fact under key "Strategies" with id "offer:*"
    Then field "vendor" must not be "<vendor>"

    Examples:
      | vendor | vendor |
      | a      | b      |

  @invariant @structural
  Scenario: An offer is not of anybody
    Given any fact under key "Strategies" with id "offer:*"
    Then field "vendor" must not be "a"

    Examples:
      | vendor |
      | a      |
