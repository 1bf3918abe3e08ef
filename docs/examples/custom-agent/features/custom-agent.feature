Feature: Every bed has a watering decision, and no bed drowns

  @invariant @structural @id:no_bed_drowns
  Scenario: No bed gets more than 20 litres
    Given any fact under key "Strategies" with id "watering:*"
    Then field "litres" must be at least 0
    And field "litres" must be at most 20

  @invariant @semantic @id:only_measured_beds
  Scenario: Water goes only to beds that were measured
    Given any fact under key "Strategies" with id "watering:*"
    Then it must include:
      | field   | rule                 |
      | reading | id of a "Seeds" fact |
      | reason  | non-empty string     |

  @invariant @acceptance @id:tank_lasts
  Scenario: The plan fits into a tank of 60 litres
    Given the engine reaches its fixed point
    And any fact under key "Strategies" with id "watering:*"
    Then the sum of field "litres" must not exceed 60

  @e2e
  Scenario: This morning's dry beds are watered
    When the truth runs to convergence
    Then the stop reason is "CriteriaMet"
    And criterion "decided" is met
    And fact "watering:north" under key "Strategies" has field "litres" 12
    And fact "watering:south" under key "Strategies" has field "litres" 0
    And fact "watering:east" under key "Strategies" has field "litres" 8
    And all invariants hold
    And no invariant is unexercised

  @e2e
  Scenario: A sensor that reports late gets its decision too
    Given suggestor "late-sensor" proposes "reading:west" under key "Seeds":
      | field    | value |
      | bed      | west  |
      | crop     | salad |
      | moisture | 12    |
      | area_m2  | 1     |
    When the truth runs to convergence
    Then the stop reason is "CriteriaMet"
    And fact "watering:west" under key "Strategies" has field "litres" 4

  @e2e
  Scenario: A bed that is too large for one watering stops the run
    Given input "readings" is:
      | bed   | crop   | moisture | area_m2 |
      | north | tomato | 10       | 6       |
    When the truth runs to convergence
    Then the stop reason is "InvariantViolated"
    And invariant "no_bed_drowns" is violated

  @e2e
  Scenario: Too many dry beds empty the tank
    Given input "readings" is:
      | bed   | crop   | moisture | area_m2 |
      | north | tomato | 10       | 5       |
      | south | basil  | 10       | 5       |
      | east  | pepper | 10       | 5       |
      | west  | salad  | 10       | 1       |
    When the truth runs to convergence
    Then the stop reason is "InvariantViolated"
    And invariant "tank_lasts" is violated

  @e2e
  Scenario: Nobody waters a bed that does not exist
    Given suggestor "dreamer" proposes "watering:moon" under key "Strategies":
      | field   | value                |
      | bed     | moon                 |
      | reading | reading:moon         |
      | litres  | 5                    |
      | reason  | it looked so dry     |
    When the truth runs to convergence
    Then the stop reason is "InvariantViolated"
    And invariant "only_measured_beds" is violated

  @e2e
  Scenario: A decision in words instead of litres never becomes a fact
    Given suggestor "vague" proposes "watering:north" under key "Strategies":
      | field   | value         |
      | bed     | north         |
      | reading | reading:north |
      | litres  | plenty        |
      | reason  | it looked dry |
    When the truth runs to convergence
    Then proposal "watering:north" is rejected with "PAYLOAD_INVALID"
    And the stop reason is "CriteriaMet"
