Feature: A contract is executed only as it was reviewed, signed and approved, and every action names who took it
  A register of contracts, their documents and a log of what people asked to do come in. Each contract goes as far as its
  papers allow, in the order of the log, and each action has one record.

  Rule: What may never happen, not even for a moment

    @invariant @structural @id:agreements_are_registered
    Scenario: An agreement is of a registered contract
      Given any fact under key "Strategies" with id "agreement:*"
      Then for each "Strategies" fact with id "agreement:*" there exists a "Seeds" fact with id "contract:*" whose field "id" equals its field "contract"

    @invariant @structural @id:one_agreement
    Scenario: No contract stands in two places
      Given any fact under key "Strategies" with id "agreement:*"
      Then field "contract" must be unique

    @invariant @structural @id:audited_once
    Scenario: No action is recorded twice
      Given any fact under key "Evaluations" with id "audit:*"
      Then field "action" must be unique

    @invariant @structural @id:audits_are_of_actions
    Scenario: A record is of an action that somebody took
      Given any fact under key "Evaluations" with id "audit:*"
      Then for each "Evaluations" fact with id "audit:*" there exists a "Seeds" fact with id "action:*" whose field "id" equals its field "action"

  Rule: What must hold before the run may end

    @invariant @semantic @id:nothing_slips_through
    Scenario: Nothing is done or recorded that an independent look at the files would have stopped
      Given any fact under key "Strategies" with id "agreement:*"
      Then no fact under key "Diagnostic" with id "breach:*" where field "open" is true exists

    @invariant @acceptance @id:every_action_audited
    Scenario: Every action has its record
      Given any fact under key "Seeds" with id "action:*"
      Then for each "Seeds" fact with id "action:*" there exists an "Evaluations" fact with id "audit:*" whose field "action" equals its field "id"

  Rule: What a proposal must look like

    @validation @id:audits_name_who
    Scenario: A record names who did what, and why it came out so
      Given any proposal under key "Evaluations" with id "audit:*"
      Then it must include:
        | field   | rule                           |
        | by      | non-empty string               |
        | action  | non-empty string               |
        | number  | integer between 1 and 1000000  |
        | reason  | non-empty string               |
        | decided | non-empty string               |

    @validation @id:audits_hold_no_address
    Scenario: No record holds an e-mail address
      Given any proposal under key "Evaluations" with id "audit:*"
      Then it must include:
        | field  | rule               |
        | by     | matches /^[^@\s]+$/ |
        | reason | matches /^[^@]+$/   |

    @suggestor @id:record_only_reports
    Scenario: The record reports and moves nothing
      When suggestor "record" executes
      Then it proposes facts only under key "Evaluations"

  Rule: Each contract goes as far as its papers allow

    @e2e
    Scenario: Undecided, one execution waits for a legal counsel and the sovereign's needs nobody
      When the truth runs to convergence
      Then the stop reason is "HumanInterventionRequired"
      And criterion "settled" is blocked
      And gate "commit" answers "ESCALATE" for "agreement:C-101@5"
      And gate "commit" answers "PROMOTE" for "agreement:C-105@4"
      And gate "validate" answers "REJECT" for "permission:a12"
      And fact "agreement:C-105" under key "Strategies" has field "stands" "executed"
      And fact "outcome:C-102" under key "Evaluations" has field "reason" "review by lars: review point r7 is open (clause 9)"
      And fact "outcome:C-103" under key "Evaluations" has field "reason" "sign by ines: lysvik has not signed (lysvik-holding did, who is no party)"
      And fact "outcome:C-106" under key "Evaluations" has field "reason" "nobody asked for more"
      And fact "audit:a14" under key "Evaluations" has field "reason" "policy says no: contract.validate"

    @e2e
    Scenario: When the counsels have decided each contract has its outcome and each action its record
      Given "execution" is approved by "liv"
      And "amendment" is rejected by "lars"
      When the truth runs to convergence
      Then the stop reason is "CriteriaMet"
      And criterion "settled" is met
      And fact "outcome:C-101" under key "Evaluations" has field "reason" "executed by ines: approved by liv (legal_counsel)"
      And fact "audit:a01" under key "Evaluations" has field "number" 1
      And fact "audit:a16" under key "Evaluations" has field "number" 5
      And fact "audit:a16" under key "Evaluations" has field "by" "ines"
      And fact "audit:a16" under key "Evaluations" has field "result" "done"
      And fact "audit:a18" under key "Evaluations" has field "reason" "it is executed, so it can't become drafted"
      And fact "audit:a19" under key "Evaluations" has field "reason" "rejected by lars (legal_counsel) at amendment"
      And fact "outcome:C-104" under key "Evaluations" has field "reason" "sign by ines: fathom: signed version 2, not 3; the signature expired on 2026-02-28"
      And fact "outcome:C-105" under key "Evaluations" has field "result" "executed"
      And all invariants hold
      And no invariant is unexercised

    @e2e
    Scenario: Rejected by a legal counsel, a contract stays signed
      Given "execution" is rejected by "lars"
      And "amendment" is approved by "liv"
      When the truth runs to convergence
      Then the stop reason is "CriteriaMet"
      And fact "agreement:C-101" under key "Strategies" has field "stands" "signed"
      And fact "audit:a16" under key "Evaluations" has field "reason" "rejected by lars (legal_counsel) at execution"
      And fact "outcome:C-101" under key "Evaluations" has field "result" "not executed"
      And fact "agreement:C-104" under key "Strategies" has field "stands" "drafted"
      And all invariants hold

    @e2e
    Scenario: What is private in the register never becomes part of a run
      When the truth runs to convergence
      Then fact "contract:C-101" under key "Seeds" has field "clauses.1.text" "[redacted]"
      And fact "contract:C-101" under key "Seeds" has field "clauses.0.text" "The parties talk about a joint offer."
      And fact "contract:C-101" under key "Seeds" has field "parties.1.email" "[redacted]"
      And fact "contract:C-101" under key "Seeds" has field "parties.1.name" "Brandvik Marine AS"
      And fact "contract:C-101" under key "Seeds" has field "signatures.0.signed_by" "[redacted]"
      And fact "contract:C-101" under key "Seeds" has field "reviews.0.points.0.text" "[redacted]"
      And fact "contract:C-105" under key "Seeds" has field "parties.1.name" "[redacted]"

    @e2e
    Scenario Outline: A signature that does not bind passes no gate
      Given input "contracts" is:
        """
        - id: K-1
          title: Towing
          version: 2
          parties:
            - {id: us, name: Harbour Works AB, side: ours}
            - {id: tugs, name: Skerry Tugs Oy, side: counterparty}
          documents: [{file: tow.txt, sha256: 01aa}]
          reviews: [{by: liv, version: 2, cleared: true}]
          signatures: [{<signature>}]
        """
      And input "documents" is:
        | name    | size | sha256 |
        | tow.txt | 31   | 01aa   |
      And input "actions" is:
        | id | contract | by   | action  | on         |
        | k1 | K-1      | liv  | review  | 2026-04-01 |
        | k2 | K-1      | ines | sign    | 2026-04-02 |
        | k3 | K-1      | ines | execute | 2026-04-10 |
      And "execution" is approved by "liv"
      When the truth runs to convergence
      Then the stop reason is "CriteriaMet"
      And fact "agreement:K-1" under key "Strategies" has field "stands" "reviewed"
      And fact "audit:k2" under key "Evaluations" has field "reason" "<reason>"
      And fact "outcome:K-1" under key "Evaluations" has field "result" "not executed"
      And proposal "agreement:K-1@3" is rejected with "TRANSITION_GATE_MISSING"

      Examples:
        | signature                                                               | reason                                            |
        | party: tugs, version: 2                                                 | tugs: the signature is blank                      |
        | party: tugs, version: 1, signed_on: 2026-04-01                          | tugs: signed version 1, not 2                     |
        | party: tugs, version: 2, signed_on: 2026-04-03                          | tugs: signed on 2026-04-03, after 2026-04-02      |
        | party: tugs, version: 2, signed_on: 2026-03-01, valid_until: 2026-04-01 | tugs: the signature expired on 2026-04-01         |
        | party: us, version: 2, signed_on: 2026-04-01                            | tugs has not signed                               |
        | party: twin, version: 2, signed_on: 2026-04-01                          | tugs has not signed (twin did, who is no party)   |

    @e2e
    Scenario: A signature binds by the day of each action, so a contract may be signed and no longer be executed
      Given input "contracts" is:
        """
        - id: K-1
          title: Towing
          version: 1
          parties: [{id: tugs, name: Skerry Tugs Oy, side: counterparty}]
          documents: [{file: tow.txt, sha256: 01aa}]
          reviews: [{by: liv, version: 1, cleared: true}]
          signatures: [{party: tugs, version: 1, signed_on: 2026-04-03, valid_until: 2026-04-09}]
        """
      And input "documents" is:
        | name    | size | sha256 |
        | tow.txt | 31   | 01aa   |
      And input "actions" is:
        | id | contract | by   | action  | on         |
        | k1 | K-1      | liv  | review  | 2026-04-01 |
        | k2 | K-1      | ines | sign    | 2026-04-02 |
        | k3 | K-1      | ines | sign    | 2026-04-03 |
        | k4 | K-1      | ines | execute | 2026-04-10 |
      And "execution" is approved by "liv"
      When the truth runs to convergence
      Then the stop reason is "CriteriaMet"
      And fact "audit:k2" under key "Evaluations" has field "reason" "tugs: signed on 2026-04-03, after 2026-04-02"
      And fact "audit:k3" under key "Evaluations" has field "result" "done"
      And fact "audit:k4" under key "Evaluations" has field "reason" "tugs: the signature expired on 2026-04-09"
      And fact "agreement:K-1" under key "Strategies" has field "stands" "signed"
      And all invariants hold

    @e2e
    Scenario Outline: A review that is not done, or papers that are not those of the register, pass no gate
      Given input "contracts" is:
        """
        - id: K-1
          title: Towing
          version: 2
          parties:
            - {id: us, name: Harbour Works AB, side: ours}
            - {id: tugs, name: Skerry Tugs Oy, side: counterparty}
          documents: [{file: tow.txt, sha256: <registered>}]
          reviews: [{<review>}]
          signatures: [{party: tugs, version: 2, signed_on: 2026-04-01}]
        """
      And input "documents" is:
        | name    | size | sha256 |
        | tow.txt | 31   | 01aa   |
      And input "actions" is:
        | id | contract | by   | action  | on         |
        | k1 | K-1      | liv  | review  | 2026-04-02 |
        | k2 | K-1      | ines | execute | 2026-04-02 |
      When the truth runs to convergence
      Then the stop reason is "CriteriaMet"
      And fact "agreement:K-1" under key "Strategies" has field "stands" "drafted"
      And fact "audit:k1" under key "Evaluations" has field "reason" "<reason>"
      And fact "audit:k2" under key "Evaluations" has field "reason" "it is drafted, so it can't become executed"

      Examples:
        | registered | review                                                             | reason                                             |
        | 01aa       | by: liv, version: 1, cleared: true                                 | nobody reviewed version 2                          |
        | 01aa       | by: liv, version: 2, cleared: false                                | liv did not clear version 2                        |
        | 01aa       | by: liv, version: 2, cleared: true, points: [{id: r1, text: hm}]   | review point r1 is open                            |
        | 02bb       | by: liv, version: 2, cleared: true                                 | document tow.txt is not the one that was registered |

    @e2e
    Scenario: What was amended after its review is reviewed again before it is signed
      Given input "contracts" is:
        """
        - id: K-1
          title: Towing
          version: 1
          parties: [{id: tugs, name: Skerry Tugs Oy, side: counterparty}]
          documents: [{file: tow.txt, sha256: 01aa}]
          reviews: [{by: liv, version: 1, cleared: true}]
          signatures: [{party: tugs, version: 1, signed_on: 2026-04-01}]
        """
      And input "documents" is:
        | name    | size | sha256 |
        | tow.txt | 31   | 01aa   |
      And input "actions" is:
        | id | contract | by   | action  | on         |
        | k1 | K-1      | liv  | review  | 2026-04-01 |
        | k2 | K-1      | ines | amend   | 2026-04-02 |
        | k3 | K-1      | ines | sign    | 2026-04-03 |
        | k4 | K-1      | liv  | review  | 2026-04-04 |
        | k5 | K-1      | ines | sign    | 2026-04-05 |
        | k6 | K-1      | liv  | execute | 2026-04-06 |
      And "amendment" is approved by "liv"
      And "execution" is approved by "lars"
      When the truth runs to convergence
      Then the stop reason is "CriteriaMet"
      And fact "audit:k2" under key "Evaluations" has field "reason" "approved by liv (legal_counsel)"
      And fact "audit:k3" under key "Evaluations" has field "reason" "it is drafted, so it can't become signed"
      And fact "audit:k5" under key "Evaluations" has field "result" "done"
      And fact "outcome:K-1" under key "Evaluations" has field "reason" "executed by liv: approved by lars (legal_counsel)"

    @e2e
    Scenario: Whoever is unknown, or acts on what is not registered, is recorded too
      Given input "actions" is:
        | id | contract | by      | action | on         |
        | k1 | C-101    | nobody  | view   | 2026-04-01 |
        | k2 | C-999    | ines    | view   | 2026-04-01 |
        | k3 | C-101    | ines    | view   | 2026-04-01 |
      When the truth runs to convergence
      Then the stop reason is "CriteriaMet"
      And fact "audit:k1" under key "Evaluations" has field "result" "refused"
      And fact "audit:k1" under key "Evaluations" has field "by" "nobody"
      And fact "audit:k2" under key "Evaluations" has field "reason" "there is no contract C-999"
      And fact "audit:k3" under key "Evaluations" has field "number" 2

  Rule: Nobody gets around the counsel, the papers or the record

    @e2e
    Scenario: An action whose record would tell an address does not end well
      Given input "actions" is:
        | id | contract              | by   | action | on         |
        | k1 | siri@brandvik.example | ines | view   | 2026-04-01 |
      When the truth runs to convergence
      Then the stop reason is "InvariantViolated"
      And invariant "every_action_audited" is violated
      And proposal "audit:k1" is rejected with "VALIDATION"

    @e2e
    Scenario: Somebody without the role can't approve an execution
      Given "execution" is approved by "fiona"
      When the truth runs to convergence
      Then the stop reason is "HumanInterventionRequired"
      And criterion "settled" is blocked

    @e2e
    Scenario: A legal counsel does not approve an execution that she asked for
      Given input "actions" is:
        | id | contract | by   | action  | on         |
        | k1 | C-101    | lars | review  | 2026-04-01 |
        | k2 | C-101    | ines | sign    | 2026-04-02 |
        | k3 | C-101    | liv  | execute | 2026-04-03 |
      And "execution" is approved by "liv"
      When the truth runs to convergence
      Then the stop reason is "HumanInterventionRequired"
      And gate "commit" answers "ESCALATE" for "agreement:C-101@4"

    @e2e
    Scenario: A contract does not begin as executed
      Given suggestor "hasty" proposes "agreement:quick" under key "Strategies":
        | field    | value                            |
        | contract | C-102                            |
        | title    | Supply of hull plates            |
        | value    | 48000.00                         |
        | stands   | executed                         |
        | after    | a06                              |
        | by       | sofia                            |
      When the truth runs to convergence
      Then proposal "agreement:quick" is rejected with "TRANSITION_ILLEGAL"

    @e2e
    Scenario: An action that runs on somebody else's permission is found out
      Given input "actions" is:
        | id | contract | by    | action | on         |
        | k1 | C-101    | liv   | review | 2026-04-01 |
        | k2 | C-101    | frank | sign   | 2026-04-02 |
      And suggestor "helper" proposes "permission:k2" under key "Evaluations":
        | field    | value |
        | action   | k2    |
        | contract | C-101 |
        | by       | ines  |
        | did      | sign  |
        | value    | 0     |
      When the truth runs to convergence
      Then the stop reason is "InvariantViolated"
      And invariant "nothing_slips_through" is violated
      And fact "breach:permission:k2" under key "Diagnostic" has field "reason" "frank asked to sign C-101, and ines was permitted"

    @e2e
    Scenario: A false record is corrected and decides nothing
      Given suggestor "forger" proposes "audit:a14" under key "Evaluations":
        | field    | value      |
        | action   | a14        |
        | contract | C-106      |
        | number   | 1          |
        | by       | ines       |
        | did      | view       |
        | on       | 2026-03-12 |
        | result   | done       |
        | reason   | all fine   |
        | decided  | nothing    |
      When the truth runs to convergence
      Then the stop reason is "HumanInterventionRequired"
      And fact "audit:a14" under key "Evaluations" has field "by" "frank"
      And fact "audit:a14" under key "Evaluations" has field "result" "refused"

    @e2e
    Scenario: A second record of an action stops the run
      Given suggestor "forger" proposes "audit:again" under key "Evaluations":
        | field    | value      |
        | action   | a14        |
        | contract | C-106      |
        | number   | 1          |
        | by       | frank      |
        | did      | view       |
        | on       | 2026-03-12 |
        | result   | done       |
        | reason   | all fine   |
        | decided  | nothing    |
      When the truth runs to convergence
      Then the stop reason is "InvariantViolated"
      And invariant "audited_once" is violated

    @e2e
    Scenario: A record of what nobody did stops the run
      Given suggestor "forger" proposes "audit:ghost" under key "Evaluations":
        | field    | value      |
        | action   | ghost      |
        | contract | C-106      |
        | number   | 3          |
        | by       | frank      |
        | did      | view       |
        | on       | 2026-03-12 |
        | result   | done       |
        | reason   | all fine   |
        | decided  | nothing    |
      When the truth runs to convergence
      Then the stop reason is "InvariantViolated"
      And invariant "audits_are_of_actions" is violated

    @e2e
    Scenario: A record without who acted is rejected
      Given suggestor "forger" proposes "audit:a14" under key "Evaluations":
        | field    | value      |
        | action   | a14        |
        | contract | C-106      |
        | number   | 1          |
        | by       |            |
        | did      | view       |
        | on       | 2026-03-12 |
        | result   | done       |
        | reason   | all fine   |
        | decided  | nothing    |
      When the truth runs to convergence
      Then proposal "audit:a14" is rejected with "VALIDATION"

    @e2e
    Scenario: A record that tells an e-mail address is rejected
      Given suggestor "gossip" proposes "audit:a14" under key "Evaluations":
        | field    | value                     |
        | action   | a14                       |
        | contract | C-106                     |
        | number   | 1                         |
        | by       | frank                     |
        | did      | view                      |
        | on       | 2026-03-12                |
        | result   | refused                   |
        | reason   | ask siri@brandvik.example |
        | decided  | nothing                   |
      When the truth runs to convergence
      Then proposal "audit:a14" is rejected with "VALIDATION"

    @e2e
    Scenario: An agreement on what is not registered stops the run
      Given suggestor "inventor" proposes "agreement:C-999" under key "Strategies":
        | field    | value        |
        | contract | C-999        |
        | title    | Out of sight |
        | value    | 0            |
        | stands   | drafted      |
      When the truth runs to convergence
      Then the stop reason is "InvariantViolated"
      And invariant "agreements_are_registered" is violated

    @e2e
    Scenario: A contract that stands in two places stops the run
      Given suggestor "copier" proposes "agreement:copy" under key "Strategies":
        | field    | value           |
        | contract | C-106           |
        | title    | Towing services |
        | value    | 0               |
        | stands   | drafted         |
      When the truth runs to convergence
      Then the stop reason is "InvariantViolated"
      And invariant "one_agreement" is violated

    @e2e
    Scenario: Nobody but the pack says that a gate is passed
      Given suggestor "helper" proposes "passed:legal_review:C-102" under key "Evaluations":
        | field    | value        |
        | gate     | legal_review |
        | resource | C-102        |
        | reason   | surely       |
      When the truth runs to convergence
      Then proposal "passed:legal_review:C-102" is rejected with "GATE_RESERVED"
      And fact "agreement:C-102" under key "Strategies" has field "stands" "drafted"

    @e2e
    Scenario: Only the engine writes approvals
      Given suggestor "forger" proposes "approval:execution:0123456789ab" under key "Diagnostic":
        | field | value     |
        | point | execution |
      When the truth runs to convergence
      Then proposal "approval:execution:0123456789ab" is rejected with "ENGINE_OWNED"
