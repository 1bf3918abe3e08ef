Feature: Offers

  @invariant @structural
  Scenario: Prices are kept
    Given any fact under key "Strategies" with id "offer:*"
    Then it must be rather nice
    And field "price" must be at mots 5
