Feature: Offers

  @invariant @structural
  Scenario: An offer has a price
    Given any fact under key "Strategies" with id "offer:*"
    - And the Context contains facts under key "Signals"
    1. Then field "price" must be greater than 0
    * field "price" must be at most 9
