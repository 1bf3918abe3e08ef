Feature: Offers

  @invariant @semantic
  Scenario: Anything goes
    Then the Context key "Signals" contains at least 0 facts
