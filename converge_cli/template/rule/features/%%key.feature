Feature: %%title

  @invariant @structural @id:%%{name}_stay_out
  Scenario: What is marked as a trial is not among the results
    Given any fact under key "%%context_key" with id "%%glob"
    Then no fact under key "%%context_key" with id "%%marked" exists

  @e2e @id:%%{name}_absent
  Scenario: Results without trial data stand
    When the truth runs to convergence
    Then invariant "%%{name}_stay_out" holds

  @e2e @id:%%{name}_found_out
  Scenario: Trial data that slips in stops the run
    Given suggestor "trial-run" proposes "%%trial" under key "%%context_key":
%%fields
    When the truth runs to convergence
    Then the stop reason is "InvariantViolated"
    And invariant "%%{name}_stay_out" is violated
