Feature: Offers

  @invariant @structural
  Scenario Outline: An offer is not from <name>
    Given any fact under key "Strategies" with id "offer:*"
    Then field "vendor" must not be "<name>"

    Examples:
      | name   |
      | nobody |
      | no one |
      |   nobody  |

    Examples: others may repeat what the first say
      | name   |
      | nobody |
