Feature: A greeting is answered

  @e2e
  Scenario: The world is greeted
    When the truth runs to convergence
    Then criterion "greeted" is met
