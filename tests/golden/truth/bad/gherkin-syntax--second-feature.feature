Feature: Offers

  @invariant @structural
  Scenario: An offer names its vendor
    Given any fact under key "Strategies" with id "offer:*"
    Then field "vendor" must not be "nobody"

Feature: Bids

  Background:
    Given any fact under key "Strategies" with id "offer:*"

  @invariant @structural
  Scenario: An offer has a price
    Then field "price" must be grater than 0
