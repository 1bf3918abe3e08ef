Feature: Large spend is approved by the chief financial officer as well, and no spend goes to a poor bid
  A policy: it holds in each job that it applies to, whatever the job itself asks for.

  @validation @id:spend_names_its_vendor
  Scenario: A commitment names its vendor
    Given any proposal under key "Strategies" with id "commitment:*"
    Then it must include:
      | field | rule             |
      | name  | non-empty string |

  @e2e
  Scenario: From forty thousand on the chief financial officer is asked too
    Given input "vendors" is:
      | id   | name      | price    | compliant | years_in_business | delivery_weeks |
      | quay | Quay Ltd  | 44000.00 | true      | 12                | 3              |
      | reef | Reef GmbH | 46000.00 | true      | 6                 | 8              |
    And "vendor_commitment" is approved by "mona"
    And "authority_sovereign" is approved by "sofia"
    When the truth runs to convergence
    Then the stop reason is "HumanInterventionRequired"
    And criterion "ranked" is met

  @e2e
  Scenario: With the approval of the chief financial officer a large spend is committed
    Given input "vendors" is:
      | id   | name      | price    | compliant | years_in_business | delivery_weeks |
      | quay | Quay Ltd  | 44000.00 | true      | 12                | 3              |
      | reef | Reef GmbH | 46000.00 | true      | 6                 | 8              |
    And "vendor_commitment" is approved by "mona"
    And "authority_sovereign" is approved by "sofia"
    And "large_spend" is approved by "sofia"
    When the truth runs to convergence
    Then the stop reason is "CriteriaMet"
    And fact "commitment:quay" under key "Strategies" has field "price" 44000
    And invariant "required_large_spend" holds

  @e2e
  Scenario: The procurement manager can't approve a large spend alone
    Given input "vendors" is:
      | id   | name      | price    | compliant | years_in_business | delivery_weeks |
      | quay | Quay Ltd  | 44000.00 | true      | 12                | 3              |
      | reef | Reef GmbH | 46000.00 | true      | 6                 | 8              |
    And "vendor_commitment" is approved by "mona"
    And "authority_sovereign" is approved by "sofia"
    And "large_spend" is approved by "mona"
    When the truth runs to convergence
    Then the stop reason is "HumanInterventionRequired"

  @e2e
  Scenario: The no of the chief financial officer ends it
    Given input "vendors" is:
      | id   | name      | price    | compliant | years_in_business | delivery_weeks |
      | quay | Quay Ltd  | 44000.00 | true      | 12                | 3              |
      | reef | Reef GmbH | 46000.00 | true      | 6                 | 8              |
    And "large_spend" is rejected by "sofia"
    When the truth runs to convergence
    Then the stop reason is "CriteriaUnmet"
    And criterion "committed" is unmet

  @e2e
  Scenario: No spend goes to a bid that scored poorly
    Given suggestor "friend" proposes "commitment:crux" under key "Strategies":
      | field     | value        |
      | vendor    | crux         |
      | vendor_id | crux         |
      | name      | Crux Trading |
      | price     | 8000.00      |
      | score     | 0.39         |
    When the truth runs to convergence
    Then proposal "commitment:crux" is rejected with "CONSTRAINT"

  @e2e
  Scenario: A commitment without the vendor's name is rejected
    Given suggestor "hurried" proposes "commitment:bolt" under key "Strategies":
      | field     | value    |
      | vendor    | bolt     |
      | vendor_id | bolt     |
      | name      |          |
      | price     | 22000.00 |
      | score     | 0.85     |
    When the truth runs to convergence
    Then proposal "commitment:bolt" is rejected with "VALIDATION"
