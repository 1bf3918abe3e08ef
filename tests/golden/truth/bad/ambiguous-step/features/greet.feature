Feature: Greetings

  @invariant @structural
  Scenario: Nobody is sent away
    Given any fact under key "Signals" with id "greeting:*"
    Then no greeting says "Go away."

  @e2e
  Scenario: A greeting is enough
    When the truth runs to convergence
    Then all invariants are kept
    And all invariants hold
