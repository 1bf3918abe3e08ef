@invariant
Feature: One offer is made
  A buyer wants to be able to show why. When nobody says yes, nothing is bought.

  Background:
    Given any fact under key "Strategies" with id "offer:*"

  @structural @id:offers_are_of_vendors
  Scenario: An offer goes to a vendor who bid
    Then it must include:
      | field  | rule                           |
      | vendor | non-empty string               |
      | price  | number between 0.01 and 100000 |
      | buyer  | one of "petra", "mona", nobody |
    And field "price" must not be at least 1000000
    But field "vendor" must be unique

  Rule: At the end
    @acceptance @id:sums
    Scenario Outline: The sum of <field> is kept
      Given the engine reaches its fixed point
      Then the sum of field "<field>" must not exceed <limit>

      Examples:
        | field      | limit |
        | price      | 90000 |
        | terms.days | 60    |

    @manual @id:taste
    Scenario: The goods are beautiful
      Then somebody looks at them
