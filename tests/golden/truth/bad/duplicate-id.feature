Feature: Offers

  @invariant @structural @id:one
  Scenario: The first is scored
    Then no fact under key "Signals" exists

  @invariant @structural @id:one
  Scenario: The second is scored
    Then no fact under key "Signals" exists

  @invariant @structural @id:scored
  Scenario: Taken by the contract
    Then no fact under key "Signals" exists

