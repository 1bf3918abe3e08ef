Feature: A note is written

  # converge: ignore
  @invariant @structural @id:notes_have_text
  Scenario: A note has text
    # converge: ignore CV39 -- it does not matter
    Given any fact under key "Signals" with id "note:*"
    # converge: ignore CV014 -- we know
    Then it must be rather nice
    # converge: ignore vacuous-check
    Then field "text" must be "hello"

  @e2e @id:note_is_written
  Scenario: A note might be written
    When the truth runs to convergence
    Then the stop reason is "CriteriaMet"
