Feature: Offers

  @invariant @structural
  Scenario: Prices are kept
    Given any fact under key "Strategies" with id "offer:*"
