Feature: Offers

  @invariant @structural
  Scenario: Nothing
