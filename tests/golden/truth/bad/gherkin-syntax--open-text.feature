Feature: Offers

  @e2e
  Scenario: One offer is enough
    Given input "vendors" is:
      """
      a,1
    When the truth runs to convergence
    Then the stop reason is "CriteriaMet"
