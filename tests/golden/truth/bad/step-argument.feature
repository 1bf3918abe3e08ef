Feature: Offers

  @invariant @structural
  Scenario: Prices are kept
    Given any fact under key "Strategies" with id "offer:*"
    Then it must include:
    And it must include:
      | what  | rule    |
      | price | decimal |
    And it must include:
      | field | rule      |
      | price | very nice |
    And field "price" must be unique
      | a |
    And it must not contain any forbidden term:
      | term | reason |
      | hype |        |
