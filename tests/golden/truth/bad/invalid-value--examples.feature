Feature: Words that mean nothing

  @e2e
  Scenario: No code, reason or answer has this name
    When the truth runs to convergence
    Then proposal "offer:a" is rejected with "KIND_UNKOWN"
    And the stop reason is "CriteriaMeet"
    And gate "commit" answers "PROMOTED" for "offer:a"
    And criterion "scored" is missed
    And at least 1.5 facts exist
