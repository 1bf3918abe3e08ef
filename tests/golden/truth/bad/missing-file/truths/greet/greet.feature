Feature: A greeting is answered

  @e2e
  Scenario: The world is greeted
    When the truth runs to convergence
    Then criterion "greeted" is met

  @e2e
  Scenario: A letter from somewhere else is read
    Given the inputs from "letters/june"
    When the truth runs to convergence
    Then criterion "greeted" is met

  @e2e
  Scenario: A letter from one machine is read
    Given the inputs from "/var/letters"
    When the truth runs to convergence
    Then criterion "greeted" is met
