Feature: Offers

  Background:
    Nothing is given.

  Rule: Nothing is free

  Rule: An offer has a vendor
    @invariant @structural
    Scenario: An offer names its vendor
