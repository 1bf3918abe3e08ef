Feature: Offers

  @e2e
  Scenario: Names are unknown
    Given input "vendors" is:
      | id |
      | a  |
    And "buying" is approved by "mona"
    When the truth runs to convergence
    Then criterion "scorred" is met
    And invariant "nothing" holds
    And gate "comit" answers "PROMOTE" for "offer:a"

  @suggestor
  Scenario: Nobody has the name
    When suggestor "scorr" executes
    Then it proposes facts only under key "Seeds"
