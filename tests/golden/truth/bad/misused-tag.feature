Feature: Offers

  @id:group
  Rule: Group
    Scenario: No tag
      Then no fact under key "Signals" exists

    @invariant
    Scenario: No class
      Then no fact under key "Signals" exists

    @invariant @validation
    Scenario: Two sorts
      Then no fact under key "Signals" exists

    @e2e @semantic
    Scenario: An example has a class
      When the truth runs to convergence
      Then all invariants hold

    @invariant @structural
    Scenario: Too early
      Given the engine reaches its fixed point
      Then no fact under key "Signals" exists

    @invariant @structural @semantic
    Scenario: Two classes
      Then no fact under key "Signals" exists
