Feature: Offers

  @invariant @structural
  Scenario: An offer names its vendor
    Given any fact under key "Strategies" with id "offer:*"
    Then field "vendor" must​ not be "no body"
