Feature: Offers

  @invarient @structural
  Scenario: Prices are kept
    Given any fact under key "Strategies" with id "offer:*"
    Then field "price" must be unique
