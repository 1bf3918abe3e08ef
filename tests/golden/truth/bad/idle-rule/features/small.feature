Feature: A note is written

  @invariant @structural @id:notes_have_text
  Scenario: A note has text
    Given any fact under key "Signals" with id "note:*"
    Then it must include:
      | field | rule             |
      | text  | non-empty string |

  @e2e @id:note_is_written
  Scenario: A note is written
    When the truth runs to convergence
    Then the stop reason is "CriteriaMet"
