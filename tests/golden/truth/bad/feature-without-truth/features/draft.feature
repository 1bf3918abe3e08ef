Feature: A draft is kept

  @invariant @structural @id:drafts_have_text
  Scenario: A draft has text
    Given any fact under key "Signals" with id "draft:*"
    Then field "text" must be "kept"
