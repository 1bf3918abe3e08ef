Feature: Fifty pages are read and added up

  @invariant @structural @id:pages_have_text
  Scenario: A page has text
    Given any fact under key "Signals" with id "page:*"
    Then it must include:
      | field | rule             |
      | text  | non-empty string |
