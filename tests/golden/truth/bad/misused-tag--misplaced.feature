Feature: Offers

  @structural
  Background:
    Given any fact under key "Strategies" with id "offer:*"

  @invariant @structural
  Scenario: An offer names its vendor
    @acceptance
    Then field "vendor" must not be "nobody"

  @invariant
  @semantic
