Feature: Examples that name what is not there

  @e2e
  Scenario: Nothing of this exists
    Given suggestor "scorer" proposes "score:a" under key "Evaluations":
      | field  | value |
      | vendr  | a     |
      | value  | 1     |
    And suggestor "rogue" proposes "scor:a" under key "Evaluations":
      | field  | value |
      | vendor | a     |
    And suggestor "rogue" proposes "nonsense:a" under key "Evaluations":
      | field  | value |
      | vendor | a     |
    When the truth runs to convergence
    Then proposal "nonsense:a" is rejected with "KIND_UNKNOWN"
    And fact "score:a" under key "Evaluations" has field "valeu" 1
    And fact "score:a" under key "Evaluations" has field "value" "1"
    And fact "scores:a" under key "Evaluations" has field "value" 1
    And criterion "scoerd" is met
