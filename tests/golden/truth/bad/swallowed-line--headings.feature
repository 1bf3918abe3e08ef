Feature: Offers
  Backgroud:
    Given any fact under key "Strategies" with id "offer:*"

  Senario: Every offer has a price

  @invariant @structural
  Scenario: An offer names its vendor
    Scenario Outline of what follows
    Feature: Bids
    Given any fact under key "Strategies" with id "offer:*"
    Then field "vendor" must not be "nobody"
