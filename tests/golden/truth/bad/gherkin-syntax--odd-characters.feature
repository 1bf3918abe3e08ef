Feature: Offers

  # A comment   Then field "price" must be 0
  @invariant @structural
  Scenario: An offer names its vendor
    Given any fact under key "Strategies" with id "offer:*"
    Then field "vendor" must not be "‮nobody‬"
    And field "price" must be greater than 0
