Feature: Greetings

  @invariant @structural
  Scenario: A greeting is for somebody
    Given any fact under key "Signals" with id "greeting:*"
    Then field "to" must not be ""
