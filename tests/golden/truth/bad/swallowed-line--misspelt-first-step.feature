Feature: Offers
  The first step of each scenario is misspelt: Gherkin would take it for description, and run the rest without it.

  @invariant @structural
  Scenario: An offer names its vendor
    Gven any fact under key "Strategies" with id "offer:*"
    Then field "vendor" must not be "nobody"

  @invariant @structural
  Scenario: An offer has a price
    Whn any fact under key "Strategies" with id "offer:*"
    Then field "price" must be greater than 0

  @e2e
  Scenario: A first offer is enough
    Wehn the truth runs to convergence
    Then the stop reason is "CriteriaMet"

  @e2e
  Scenario: A second offer changes nothing
    given the truth runs to convergence
    Given	input "vendors" is:
      | id |
      | a  |
    When the truth runs to convergence
    Then the stop reason is "CriteriaMet"

  @e2e
  Scenario: A table and a text above the first step belong to nothing
    | id |
    """
    text
    """
    input "vendors" is:
    When the truth runs to convergence
    Then the stop reason is "CriteriaMet"
