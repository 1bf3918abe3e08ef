Feature: Offers

  @invariant @structural
  Scenario Outline: An offer is below <limit>
    Given any fact under key "Strategies" with id "offer:*"
    Then field "price" must be less than <limit>
    And it must include:
      | field  | rule     |
      | vendor | <vendor> |

    Examples:
      | limit | reason     | vendor           | |
      | 5     | it is much | non-empty string | |
