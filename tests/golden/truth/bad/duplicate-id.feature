Feature: Offers

  @invariant @structural @id:one
  Scenario: First
    Then no fact under key "Signals" exists

  @invariant @structural @id:one
  Scenario: Second
    Then no fact under key "Signals" exists

  @invariant @structural @id:scored
  Scenario: Taken by the contract
    Then no fact under key "Signals" exists

