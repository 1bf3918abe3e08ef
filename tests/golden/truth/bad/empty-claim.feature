Feature: Offers

  @e2e
  Scenario: Scenario 1
    When the truth runs to convergence
    Then the stop reason is "CriteriaMet"

  @e2e
  Scenario: It works as expected
    When the truth runs to convergence
    Then the stop reason is "CriteriaMet"

  @e2e
  Scenario: The vendor
    When the truth runs to convergence
    Then the stop reason is "CriteriaMet"

  @e2e @id:nameless
  Scenario:
    When the truth runs to convergence
    Then the stop reason is "CriteriaMet"

  @e2e
  Scenario: Prices rise
    When the truth runs to convergence
    Then the stop reason is "CriteriaMet"

  @e2e @id:japanese
  Scenario: 価格は上がる
    When the truth runs to convergence
    Then the stop reason is "CriteriaMet"
