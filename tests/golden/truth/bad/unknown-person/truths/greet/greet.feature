Feature: A greeting is answered

  @e2e
  Scenario: Somebody who is not there approves the answer
    Given "answer" is approved by "mona"
    When the truth runs to convergence
    Then the stop reason is "CriteriaMet"
