Feature: Offers

  @invariant @structural @id:offer_has_price
  Scenario: An offer is complete
    Given any fact under key "Strategies" with id "offer:*"
    Then field "price" must be greater than 0

  Rule: Again
    @invariant @structural @id:offer_has_vendor
    Scenario: An  offer is Complete
      Given any fact under key "Strategies" with id "offer:*"
      Then field "vendor" must not be "nobody"
