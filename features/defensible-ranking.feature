Feature: Every number behind a choice of vendor can be explained
  Holds in every job that works with the procurement pack, whatever the job itself asks for.

  @validation @id:scores_are_explained
  Scenario: A score names its vendor and its reason
    Given any proposal under key "Evaluations" with id "score:*"
    Then it must include:
      | field     | rule             |
      | vendor    | non-empty string |
      | criterion | non-empty string |
      | reason    | non-empty string |

  @invariant @acceptance @id:sensitivity_is_of_the_ranking
  Scenario: A sensitivity analysis is about the first of the ranking that stands
    Given any fact under key "Evaluations" with id "sensitivity:*"
    Then field "first" must equal field "first" of fact "ranking:vendors" under key "Evaluations"

  @e2e
  Scenario: A score without a reason is rejected
    Given suggestor "oracle" proposes "score:quality:acme" under key "Evaluations":
      | field     | value       |
      | vendor    | acme        |
      | about     | vendor:acme |
      | criterion | quality     |
      | score     | 0.9         |
      | reason    |             |
    When the truth runs to convergence
    Then proposal "score:quality:acme" is rejected with "VALIDATION"

  @e2e
  Scenario: A sensitivity analysis of an impossible weight stops the run
    Given suggestor "consultant" proposes "sensitivity:quality" under key "Evaluations":
      | field     | value          |
      | criterion | quality        |
      | weight    | -0.25          |
      | first     | acme           |
      | flips_to  | bolt           |
      | direction | increase       |
      | change    | 0.1            |
      | reason    | a sign is lost |
    When the truth runs to convergence
    Then the stop reason is "InvariantViolated"
    And invariant "sensitivity_of_real_weights" is violated

  @e2e
  Scenario: A sensitivity analysis of another ranking is found out
    Given suggestor "consultant" proposes "sensitivity:quality" under key "Evaluations":
      | field     | value             |
      | criterion | quality           |
      | weight    | 0                 |
      | first     | bolt              |
      | flips_to  | acme              |
      | direction | increase          |
      | change    | 0.1               |
      | reason    | from last quarter |
    And "vendor_commitment" is approved by "mona"
    When the truth runs to convergence
    Then the stop reason is "InvariantViolated"
    And invariant "sensitivity_is_of_the_ranking" is violated
