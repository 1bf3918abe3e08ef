Feature: Greetings

  @invariant @structural
  Scenario: Nobody is sent away
    Given any fact under key "Signals" with id "greeting:*"
    Then nobody is told "Go away."
