Feature: Offers

  @invariant @structural
  Scenario: An offer has a price
    Given any fact under key "Strategies" with id "offer:*"
    Then field "price" must be greater than 0
    Given any fact under key "Strategies"

  @e2e
  Scenario: One run is enough
    When the truth runs to convergence
    And the truth runs to convergence
    Then the stop reason is "CriteriaMet"

  @e2e
  Scenario: Nothing is known before the run
    Then the stop reason is "CriteriaMet"
    When the truth runs to convergence

  @e2e
  Scenario: An asterisk takes the keyword before it
    When the truth runs to convergence
    * the stop reason is "CriteriaMet"
