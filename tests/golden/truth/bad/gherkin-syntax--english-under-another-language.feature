# language: sv
Feature: Offers

  @invariant @structural
  Scenario: An offer has a price
    Given any fact under key "Strategies" with id "offer:*"
    Then field "price" must be greater than 0
