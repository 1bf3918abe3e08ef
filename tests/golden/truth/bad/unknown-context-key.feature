Feature: Offers

  @invariant @structural
  Scenario: Prices are kept
    Given any fact under key "Strategy" with id "offer:*"
    Then field "price" must be unique
