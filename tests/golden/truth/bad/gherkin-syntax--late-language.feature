Feature: Offers
  # language: sv

  @invariant @structural
  Scenario: An offer names its vendor
    Given any fact under key "Strategies" with id "offer:*"
    # language: Swedish sentences would be nice
    Then field "vendor" must not be "nobody"
