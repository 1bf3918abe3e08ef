Feature: Offers

  @invariant @structural @id:Not-An-Id
  Scenario: x
    Then no fact under key "Signals" exists

  @invariant @structural
  Scenario: 選定
    Then no fact under key "Signals" exists
