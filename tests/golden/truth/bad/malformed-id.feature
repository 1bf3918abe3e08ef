Feature: Offers

  @invariant @structural @id:Not-An-Id
  Scenario: A score exists
    Then no fact under key "Signals" exists

  @invariant @structural
  Scenario: 選定
    Then no fact under key "Signals" exists
