Feature: Every loan application is decided for named reasons, and by a person where it is not clear
  Applications come in as JSON. Each is judged by documents, credit, compliance and risk; what is clear is decided at once,
  what is borderline waits for an underwriter. A decline is an outcome like any other, and says what it rests on.

  Rule: What may never happen, not even for a moment

    @invariant @structural @id:loans_are_of_applications
    Scenario: A loan is of somebody who applied
      Given any fact under key "Strategies" with id "loan:*"
      Then for each "Strategies" fact with id "loan:*" there exists a "Seeds" fact with id "application:*" whose field "id" equals its field "application"

    @invariant @structural @id:one_loan_per_application
    Scenario: An application leads to one loan at most
      Given any fact under key "Strategies" with id "loan:*"
      Then field "application" must be unique

    @invariant @structural @id:one_outcome_per_application
    Scenario: An application has one outcome
      Given any fact under key "Evaluations" with id "outcome:*"
      Then field "application" must be unique

    @invariant @structural @id:approved_has_loan
    Scenario: An application that is approved has its loan
      Given any fact under key "Evaluations" with id "outcome:*" where field "result" is "approved"
      Then for each "Evaluations" fact with id "outcome:*" where field "result" is "approved" there exists a "Strategies" fact with id "loan:*" whose field "application" equals its field "application"

    @invariant @structural @id:approved_is_compliant
    Scenario: An application that is approved passes compliance
      Given any fact under key "Evaluations" with id "outcome:*" where field "result" is "approved"
      Then for each "Evaluations" fact with id "outcome:*" where field "result" is "approved" there exists an "Evaluations" fact with id "score:compliance:*" where field "score" is greater than 0 whose field "application" equals its field "application"

  Rule: What must hold before the run may end

    @invariant @semantic @id:no_wrong_decision
    Scenario: An independent look at the application comes to the same decision
      Given any fact under key "Evaluations" with id "outcome:*"
      Then no fact under key "Diagnostic" with id "breach:*" where field "open" is true exists

    @invariant @acceptance @id:loans_have_outcomes
    Scenario: Whoever is granted a loan is told
      Given any fact under key "Strategies" with id "loan:*"
      Then for each "Strategies" fact with id "loan:*" there exists an "Evaluations" fact with id "outcome:*" where field "result" is "approved" whose field "application" equals its field "application"

  Rule: What a proposal must look like

    @validation @id:declines_give_reasons
    Scenario: A decline names what speaks against the application
      Given any proposal under key "Evaluations" with id "outcome:*" where field "result" is "declined"
      Then it must include:
        | field   | rule               |
        | reason  | non-empty string   |
        | reasons | list of at least 1 |

    @validation @id:loans_are_complete
    Scenario: A loan names who gets how much, for which application
      Given any proposal under key "Strategies" with id "loan:*"
      Then it must include:
        | field       | rule                   |
        | application | non-empty string       |
        | applicant   | non-empty string       |
        | amount      | number greater than 0  |
        | mean        | number between 0 and 1 |

    @suggestor @id:assessment_only_evaluates
    Scenario: The assessment evaluates and grants nothing
      When suggestor "assessment" executes
      Then it proposes facts only under key "Evaluations"

  Rule: Clear cases are decided at once, borderline ones by a person

    @e2e
    Scenario: Undecided, the clear cases have their outcome and the others wait for the right people
      When the truth runs to convergence
      Then the stop reason is "HumanInterventionRequired"
      And criterion "decided" is blocked
      And fact "score:documents:L-1001" under key "Evaluations" has field "score" 1
      And fact "score:credit:L-1001" under key "Evaluations" has field "score" 0.5
      And fact "score:compliance:L-1001" under key "Evaluations" has field "score" 1
      And fact "score:risk:L-1001" under key "Evaluations" has field "score" 1
      And fact "assessment:L-1001" under key "Evaluations" has field "mean" 0.875
      And gate "promote" answers "PROMOTE" for "loan:L-1001"
      And fact "outcome:L-1001" under key "Evaluations" has field "result" "approved"
      And gate "commit" answers "ESCALATE" for "loan:L-1002"
      And fact "outcome:L-1002" under key "Evaluations" has field "result" "in_review"
      And fact "outcome:L-1003" under key "Evaluations" has field "result" "declined"
      And fact "outcome:L-1003" under key "Evaluations" has field "reason" "declined by risk, mean 0.5375"
      And fact "outcome:L-1004" under key "Evaluations" has field "reason" "declined by compliance, mean 0.75"
      And gate "promote" answers "ESCALATE" for "loan:L-1005"
      And fact "outcome:L-1006" under key "Evaluations" has field "result" "in_review"

    @e2e
    Scenario: When everybody has decided each application has its outcome, and the run is done
      Given "underwriting" is approved by "una" for "loan:L-1002"
      And "large_loan" is approved by "leo" for "loan:L-1005"
      And "underwriting" is rejected by "una" for "loan:L-1006"
      When the truth runs to convergence
      Then the stop reason is "CriteriaMet"
      And criterion "decided" is met
      And gate "commit" answers "PROMOTE" for "loan:L-1002"
      And fact "outcome:L-1002" under key "Evaluations" has field "reason" "approved by una (underwriter), mean 0.775"
      And gate "promote" answers "PROMOTE" for "loan:L-1005"
      And fact "outcome:L-1005" under key "Evaluations" has field "reason" "approved by leo (credit_manager), mean 0.975"
      And fact "outcome:L-1006" under key "Evaluations" has field "result" "declined"
      And fact "outcome:L-1006" under key "Evaluations" has field "reason" "rejected by una (underwriter) at underwriting"
      And all invariants hold
      And no invariant is unexercised

    @e2e
    Scenario: One clear application is approved without anybody
      Given input "applications" is:
        """
        {"id": "A1", "applicant": "K-2041", "amount": 250000, "annual_income": 85000, "credit_score": 720, "age": 35,
         "years_employed": 5, "bankruptcy": false, "sanctions_match": false,
         "documents": ["identity", "income_statement", "bank_statement"]}
        """
      When the truth runs to convergence
      Then the stop reason is "CriteriaMet"
      And fact "outcome:A1" under key "Evaluations" has field "reason" "a clear case, mean 0.875"
      And fact "loan:A1" under key "Strategies" has field "basis" "clear"
      And all invariants hold

    @e2e
    Scenario: Whoever is on a sanctions list is declined, whatever else is said of them
      Given input "applications" is:
        """
        {"id": "A1", "applicant": "K-2041", "amount": 1000, "annual_income": 85000, "credit_score": 800, "age": 35,
         "years_employed": 5, "bankruptcy": false, "sanctions_match": true,
         "documents": ["identity", "income_statement", "bank_statement"]}
        """
      When the truth runs to convergence
      Then the stop reason is "CriteriaMet"
      And fact "outcome:A1" under key "Evaluations" has field "result" "declined"
      And invariant "approved_is_compliant" is not exercised

    @e2e
    Scenario: An application that comes late is decided like the others
      Given input "applications" is:
        """
        []
        """
      And suggestor "branch" proposes "application:late" under key "Seeds":
        | field           | value                                              |
        | id              | late                                               |
        | applicant       | K-2041                                             |
        | amount          | 250000                                             |
        | annual_income   | 85000                                              |
        | credit_score    | 720                                                |
        | age             | 35                                                 |
        | years_employed  | 5                                                  |
        | bankruptcy      | false                                              |
        | sanctions_match | false                                              |
        | documents       | ["identity", "income_statement", "bank_statement"] |
      When the truth runs to convergence
      Then the stop reason is "CriteriaMet"
      And fact "outcome:late" under key "Evaluations" has field "result" "approved"

    @e2e
    Scenario: What tells who somebody is never becomes part of a run
      When the truth runs to convergence
      Then fact "application:L-1002" under key "Seeds" has field "name" "[redacted]"
      And fact "application:L-1002" under key "Seeds" has field "columns.email" "[redacted]"
      And fact "application:L-1002" under key "Seeds" has field "columns.national_id" "[redacted]"
      And fact "application:L-1002" under key "Seeds" has field "applicant" "K-2077"

  Rule: Nobody gets around the assessment, the second person or the policy

    @e2e
    Scenario: Whoever runs the job does not approve what it proposes
      Given "underwriting" is approved by "lena" for "loan:L-1002"
      When the truth runs to convergence
      Then the stop reason is "HumanInterventionRequired"
      And fact "outcome:L-1002" under key "Evaluations" has field "result" "in_review"

    @e2e
    Scenario: Nobody underwrites a loan of their own
      Given input "applications" is:
        """
        {"id": "A1", "applicant": "una", "amount": 48000, "annual_income": 61500.50, "credit_score": 664, "age": 27,
         "years_employed": 1.5, "bankruptcy": false, "sanctions_match": false,
         "documents": ["identity", "income_statement", "bank_statement"]}
        """
      And "underwriting" is approved by "una"
      When the truth runs to convergence
      Then the stop reason is "HumanInterventionRequired"
      And criterion "decided" is blocked

    @e2e
    Scenario: An underwriter's word is not enough for a large loan
      Given "large_loan" is approved by "una"
      When the truth runs to convergence
      Then the stop reason is "HumanInterventionRequired"
      And gate "promote" answers "ESCALATE" for "loan:L-1005"

    @e2e
    Scenario: Without a credit history nothing is guessed, and the application stays undecided
      Given input "applications" is:
        """
        {"id": "A1", "applicant": "K-2041", "amount": 1000, "annual_income": 85000, "credit_score": null, "age": 35,
         "years_employed": 5, "bankruptcy": false, "sanctions_match": false,
         "documents": ["identity", "income_statement", "bank_statement"]}
        """
      When the truth runs to convergence
      Then the stop reason is "CriteriaUnmet"
      And criterion "decided" is unmet
      And fact "unscored:credit:A1" under key "Diagnostic" has field "reason" "there is no credit score"

    @e2e
    Scenario: A loan to a minor that calls itself clear is refused by policy
      Given suggestor "friend" proposes "loan:L-1004" under key "Strategies":
        | field       | value  |
        | application | L-1004 |
        | applicant   | K-2102 |
        | amount      | 9000   |
        | mean        | 1      |
        | basis       | clear  |
      When the truth runs to convergence
      Then gate "promote" answers "REJECT" for "loan:L-1004"
      And fact "outcome:L-1004" under key "Evaluations" has field "result" "declined"

    @e2e
    Scenario: A loan below the standard is refused, and no underwriter is asked about it
      Given suggestor "friend" proposes "loan:L-1003" under key "Strategies":
        | field       | value        |
        | application | L-1003       |
        | applicant   | K-1916       |
        | amount      | 120000       |
        | mean        | 0.7          |
        | basis       | underwritten |
      And "underwriting" is approved by "una" for "loan:L-1002"
      When the truth runs to convergence
      Then gate "commit" answers "REJECT" for "loan:L-1003"
      And fact "outcome:L-1003" under key "Evaluations" has field "result" "declined"

    @e2e
    Scenario: A clear case of another amount than was applied for does not stay
      Given suggestor "padder" proposes "loan:L-1001" under key "Strategies":
        | field       | value  |
        | application | L-1001 |
        | applicant   | K-2041 |
        | amount      | 450000 |
        | mean        | 0.875  |
        | basis       | clear  |
      When the truth runs to convergence
      Then fact "breach:L-1001" under key "Diagnostic" has field "reason" "mended"
      And fact "loan:L-1001" under key "Strategies" has field "amount" 250000

    @e2e
    Scenario: Nobody gets a loan on the papers of another application
      Given input "applications" is:
        """
        {"id": "A1", "applicant": "K-2041", "amount": 250000, "annual_income": 85000, "credit_score": 720, "age": 35,
         "years_employed": 5, "bankruptcy": false, "sanctions_match": false,
         "documents": ["identity", "income_statement", "bank_statement"]}
        """
      And suggestor "impostor" proposes "application:A2" under key "Seeds":
        | field           | value                                              |
        | id              | A1                                                 |
        | applicant       | K-9999                                             |
        | amount          | 490000                                             |
        | annual_income   | 85000                                              |
        | credit_score    | 720                                                |
        | age             | 35                                                 |
        | years_employed  | 5                                                  |
        | bankruptcy      | false                                              |
        | sanctions_match | false                                              |
        | documents       | ["identity", "income_statement", "bank_statement"] |
      When the truth runs to convergence
      Then fact "loan:A1" under key "Strategies" has field "amount" 250000
      And fact "unscored:credit:A2" under key "Diagnostic" has field "reason" "it says that it is A1, which is another application"

    @e2e
    Scenario: A loan of more than was applied for is found out, although an underwriter approved it
      Given suggestor "padder" proposes "loan:padded" under key "Strategies":
        | field       | value        |
        | application | L-1002       |
        | applicant   | K-2077       |
        | amount      | 480000       |
        | mean        | 0.775        |
        | basis       | underwritten |
      And "underwriting" is rejected by "una" for "loan:L-1002"
      And "underwriting" is approved by "una" for "loan:padded"
      And "underwriting" is rejected by "una" for "loan:L-1006"
      And "large_loan" is approved by "leo" for "loan:L-1005"
      When the truth runs to convergence
      Then the stop reason is "InvariantViolated"
      And invariant "no_wrong_decision" is violated
      And fact "breach:padded" under key "Diagnostic" has field "reason" "480000 is lent, 48000 was applied for"
      And invariant "loans_have_outcomes" is violated

    @e2e
    Scenario: A decline of an application that is clear is found out
      Given input "applications" is:
        """
        {"id": "A1", "applicant": "K-2041", "amount": 250000, "annual_income": 85000, "credit_score": 720, "age": 35,
         "years_employed": 5, "bankruptcy": false, "sanctions_match": false,
         "documents": ["identity", "income_statement", "bank_statement"]}
        """
      And suggestor "bigot" proposes "outcome:A1" under key "Evaluations":
        | field       | value                                                         |
        | application | A1                                                            |
        | applicant   | K-2041                                                        |
        | result      | declined                                                      |
        | reason      | declined by risk                                              |
        | mean        | 0.875                                                         |
        | reasons     | [{"factor": "risk", "points": 0.5, "words": "a bad feeling"}] |
      When the truth runs to convergence
      Then the stop reason is "InvariantViolated"
      And invariant "no_wrong_decision" is violated
      And fact "breach:A1" under key "Diagnostic" has field "reason" "declined, but the application comes to approve"
      And invariant "loans_have_outcomes" is violated
      And proposal "outcome:A1@2" is rejected with "TRANSITION_ILLEGAL"

    @e2e
    Scenario: A decline for other reasons than the application gives is found out
      Given input "applications" is:
        """
        {"id": "A1", "applicant": "K-1916", "amount": 120000, "annual_income": 38000, "credit_score": 588, "age": 52,
         "years_employed": 0.5, "bankruptcy": true, "sanctions_match": false,
         "documents": ["identity", "income_statement", "bank_statement"]}
        """
      And suggestor "excuse" proposes "outcome:A1" under key "Evaluations":
        | field       | value                                                           |
        | application | A1                                                              |
        | applicant   | K-1916                                                          |
        | result      | declined                                                        |
        | reason      | declined by credit                                              |
        | mean        | 0.5375                                                          |
        | reasons     | [{"factor": "credit", "points": 0.2125, "words": "low credit"}] |
      When the truth runs to convergence
      Then the stop reason is "InvariantViolated"
      And fact "breach:A1" under key "Diagnostic" has field "reason" "its reasons are not those that the application gives"

    @e2e
    Scenario: An approval of somebody who fails compliance stops the run
      Given suggestor "friend" proposes "outcome:L-1004" under key "Evaluations":
        | field       | value     |
        | application | L-1004    |
        | applicant   | K-2102    |
        | result      | approved  |
        | reason      | nearly 18 |
        | mean        | 0.75      |
      When the truth runs to convergence
      Then the stop reason is "InvariantViolated"
      And invariant "approved_is_compliant" is violated
      And invariant "approved_has_loan" is violated

    @e2e
    Scenario: A loan that an underwriter grants twice stops the run
      Given suggestor "twin" proposes "loan:again" under key "Strategies":
        | field       | value        |
        | application | L-1002       |
        | applicant   | K-2077       |
        | amount      | 48000        |
        | mean        | 0.775        |
        | basis       | underwritten |
      And "underwriting" is approved by "una" for "loan:L-1002"
      And "underwriting" is approved by "una" for "loan:again"
      When the truth runs to convergence
      Then the stop reason is "InvariantViolated"
      And invariant "one_loan_per_application" is violated

    @e2e
    Scenario: A loan for an application that is only spelt like one stops the run
      Given suggestor "typist" proposes "loan:typed" under key "Strategies":
        | field       | value        |
        | application | L 1002       |
        | applicant   | K-2077       |
        | amount      | 48000        |
        | mean        | 0.775        |
        | basis       | underwritten |
      And "underwriting" is approved by "una" for "loan:typed"
      When the truth runs to convergence
      Then the stop reason is "InvariantViolated"
      And invariant "loans_are_of_applications" is violated

    @e2e
    Scenario: A second outcome of an application stops the run
      Given suggestor "muddle" proposes "outcome:other" under key "Evaluations":
        | field       | value     |
        | application | L-1002    |
        | applicant   | K-2077    |
        | result      | in_review |
        | reason      | who knows |
        | mean        | 0.775     |
      When the truth runs to convergence
      Then the stop reason is "InvariantViolated"
      And invariant "one_outcome_per_application" is violated

    @e2e
    Scenario: A decline without reasons is rejected
      Given suggestor "silent" proposes "outcome:L-1001" under key "Evaluations":
        | field       | value    |
        | application | L-1001   |
        | applicant   | K-2041   |
        | result      | declined |
        | reason      | no       |
        | mean        | 0.875    |
      When the truth runs to convergence
      Then proposal "outcome:L-1001" is rejected with "VALIDATION"
      And fact "outcome:L-1001" under key "Evaluations" has field "result" "approved"

    @e2e
    Scenario: Nobody but the pack says that a case is clear
      Given suggestor "helper" proposes "passed:clear_case:L-1002" under key "Evaluations":
        | field    | value      |
        | gate     | clear_case |
        | resource | L-1002     |
        | reason   | surely     |
      When the truth runs to convergence
      Then proposal "passed:clear_case:L-1002" is rejected with "GATE_RESERVED"
      And gate "commit" answers "ESCALATE" for "loan:L-1002"

    @e2e
    Scenario: A loan to nobody is rejected before anybody is asked
      Given suggestor "hasty" proposes "loan:L-1002" under key "Strategies":
        | field       | value        |
        | application | L-1002       |
        | applicant   |              |
        | amount      | 48000        |
        | mean        | 0.775        |
        | basis       | underwritten |
      When the truth runs to convergence
      Then proposal "loan:L-1002" is rejected with "VALIDATION"
      And gate "commit" answers "ESCALATE" for "loan:L-1002"
