Feature: A greeting is answered
  The smallest truth there is: one suggestor greets, another one answers, and nothing else happens.

  @invariant @structural @id:one_greeting_each
  Scenario: Nobody is greeted twice
    Given any fact under key "Signals" with id "greeting:*"
    Then field "to" must be unique

  @invariant @semantic @id:answers_repeat_a_greeting
  Scenario: An answer repeats what was said
    Given any fact under key "Evaluations" with id "echo:*"
    Then for each "Evaluations" fact with id "echo:*" there exists a "Signals" fact with id "greeting:*" whose field "text" equals its field "text"

  @validation @id:greetings_demand_nothing
  Scenario: A greeting demands nothing
    Given any proposal under key "Signals" with id "greeting:*"
    Then it must not contain any forbidden term:
      | term   | reason                    |
      | urgent | that is a demand          |
      | asap   | that is a demand in short |

  @e2e
  Scenario: The greeter greets and the echo answers
    When the truth runs to convergence
    Then the stop reason is "CriteriaMet"
    And criterion "greeted" is met
    And criterion "answered" is met
    And fact "echo:world" under key "Evaluations" has field "text" "Hello, world."
    And all invariants hold
    And no invariant is unexercised

  @e2e
  Scenario: A second greeting is answered as well
    Given suggestor "neighbour" proposes "greeting:moon" under key "Signals":
      | field | value       |
      | to    | moon        |
      | text  | Good night. |
    When the truth runs to convergence
    Then the stop reason is "CriteriaMet"
    And fact "echo:moon" under key "Evaluations" has field "text" "Good night."

  @e2e
  Scenario: A demand dressed up as a greeting is rejected
    Given suggestor "manager" proposes "greeting:team" under key "Signals":
      | field | value                    |
      | to    | team                     |
      | text  | Hello, this is urgent.   |
    When the truth runs to convergence
    Then proposal "greeting:team" is rejected with "VALIDATION"
    And the stop reason is "CriteriaMet"

  @e2e
  Scenario: Greeting the same person twice stops the run
    Given suggestor "eager" proposes "greeting:again" under key "Signals":
      | field | value        |
      | to    | world        |
      | text  | Hello again. |
    When the truth runs to convergence
    Then the stop reason is "InvariantViolated"
    And invariant "one_greeting_each" is violated

  @e2e
  Scenario: An answer to a question that nobody asked is found out
    Given suggestor "ghost" proposes "echo:ghost" under key "Evaluations":
      | field   | value          |
      | answers | greeting:ghost |
      | text    | You called?    |
    When the truth runs to convergence
    Then the stop reason is "InvariantViolated"
    And invariant "answers_repeat_a_greeting" is violated
