Feature: An order above the limit

  @invariant @structural
  Scenario: An order above the limit is refused
    Then: it is refused
