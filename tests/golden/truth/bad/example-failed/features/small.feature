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
    And criterion "written" is unmet
    And fact "note:one" under key "Signals" has field "text" "good bye"

  @invariant @semantic @id:notes_are_short
  Scenario: A note is one word at most
    Given any fact under key "Signals" with id "note:*"
    Then field "text" must be "hi"

  @e2e
  Scenario: Somebody who is not there says nothing
    Given the inputs from "nowhere.csv"
    When the truth runs to convergence
    Then the stop reason is "CriteriaMet"
