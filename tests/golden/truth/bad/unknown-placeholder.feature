Feature: Offers

  Background:
    Given any fact under key "Strategies" with id "offer:<kind>*"

  @invariant @structural
  Scenario Outline: An offer of <vendr> is below <limit>
    Given any fact under key "Strategies" with id "offer:*"
    Then field "price" must be less than <limt>
    And it must include:
      | field  | rule          |
      | vendor | one of <vend> |

    Examples:
      | limit | vendor |
      | 5     | a      |

  @e2e
  Scenario Outline: One bid of <vendor> is enough
    Given input "vendors" is:
      """
      <vendor>,<price>
      """
    When the truth runs to convergence
    Then the stop reason is "CriteriaMet"

    Examples:
      | vendor |
      | a      |

  @invariant @structural
  Scenario: An offer is not of somebody
    Then field "vendor" must not be "<vendor>"
