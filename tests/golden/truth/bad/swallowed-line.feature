Feature: Offers

  @invariant @structural
  Scenario: Prices are kept
    Gven any fact under key "Strategies"
    Then: the price is right
    Then no fact under key "Signals" exists

  @invariant @structural
  Scenario: Headings are lost
    Senario: lost
    Then no fact under key "Signals" exists
