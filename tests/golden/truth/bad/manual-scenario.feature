Feature: Offers

  @manual
  Scenario: Somebody tastes the soup
    Given a spoon
    Then it is hot

  @manual
  Scenario Outline: Somebody looks at the <thing>
    Then it is <colour>

    Examples:
      | thing | colour |
      | door  | green  |
      | wall  | white  |
