Feature: Offers

  @invariant @structural
  Scenario: Prices are kept
    Given any fact under key "Strategies" with id "offer:*"
    Then: field "price" must be at most 5

  Scenario: next
    nonsense
