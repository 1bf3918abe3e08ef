Feature: Offers

  @invariant @structural
  Scenario Outline: An offer is not of <vendor>
    Given any fact under key "Strategies" with id "offer:*"
    Then field "vendor" must not be "<vendor>"

  @invariant @structural
  Scenario Outline: An offer is below <limit>
    Given any fact under key "Strategies" with id "offer:*"
    Then field "price" must be less than <limit>

    Examples: small
      | limit |

    Examples: large
