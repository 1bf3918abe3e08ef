@e2e @structural
Feature: Offers

  @semantic
  Rule: Nothing is free
    @invariant @acceptance
    Scenario Outline: An offer is below <limit>
      Given any fact under key "Strategies" with id "offer:*"
      Then field "price" must be less than <limit>

      @structural @id:small
      Examples:
        | limit |
        | 5     |

  @validation
  Scenario: An offer names its vendor
    Given any proposal under key "Strategies" with id "offer:*"
    Then field "vendor" must not be "nobody"
