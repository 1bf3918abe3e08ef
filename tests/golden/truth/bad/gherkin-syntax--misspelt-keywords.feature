Feature: Offers
  One misspelt keyword hides nothing that comes after it.

  @invariant @structural
  Senario: An offer names its vendor
    Given any fact under key "Strategies" with id "offer:*"
    Thn field "vendor" must not be "nobody"
    Adn field "price" must be graeter than 0

  @invariant @structural
  Scenario Outline: An offer is below <limit>
    Given any fact under key "Strategies" with id "offer:*"
    Then: field "price" must be less than <limit>
    then field "price" must be greater than 0
    nobody pays twice

    Exampels:
      | limit |
      | 5     |

  Rul: Nothing is free
    @invariant @structural
    Scenario： An offer has a price
      Given any fact under key "Strategies" with id "offer:*"
      Then field "price" must be greater than 0
