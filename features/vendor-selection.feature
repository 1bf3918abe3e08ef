Feature: One vendor is recommended, and spend commits only with approval
  Bids arrive as a table. Every vendor is scored on every criterion, the ranking follows from the scores alone,
  and the spend is committed once, to the first, when a person with the right role has said yes.

  Rule: What may never happen, not even for a moment

    @invariant @structural @id:recommended_is_compliant
    Scenario: A recommended vendor is compliant
      Given any fact under key "Strategies" with id "recommendation:*" where field "status" is "recommended"
      Then for each "Strategies" fact with id "recommendation:*" where field "status" is "recommended" there exists a "Seeds" fact with id "vendor:*" where field "compliant" is true whose field "id" equals its field "vendor_id"

    @invariant @structural @id:scores_are_of_known_vendors
    Scenario: A score is of a vendor who made a bid
      Given any fact under key "Evaluations" with id "score:*"
      Then it must include:
        | field | rule                       |
        | about | id of a "Seeds" fact       |
        | score | number between 0 and 1     |

    @invariant @structural @id:one_commitment
    Scenario: The spend is committed to one vendor
      Given any fact under key "Strategies" with id "commitment:*"
      Then the Context key "Strategies" contains at most 1 fact with id "commitment:*"

  Rule: What must hold before the run may end

    @invariant @semantic @id:every_vendor_evaluated
    Scenario: Every vendor is evaluated on every criterion
      Given any fact under key "Seeds" with id "vendor:*"
      Then every vendor is scored on "price"
      And every vendor is scored on "compliance"
      And every vendor is scored on "risk"
      And every vendor is scored on "timeline"
      And no fact under key "Diagnostic" with id "unscored:*" where field "open" is true exists

    @invariant @semantic @id:nothing_slips_through
    Scenario: Ranking and commitment follow from the bids, as an independent look at them says
      Given any fact under key "Evaluations" with id "ranking:vendors"
      Then no fact under key "Diagnostic" with id "breach:*" where field "open" is true exists

    @invariant @acceptance @id:committed_is_first
    Scenario: The spend is committed to the first of the ranking
      Given the engine reaches its fixed point
      And any fact under key "Strategies" with id "commitment:*"
      Then field "vendor" must equal field "first" of fact "ranking:vendors" under key "Evaluations"

  Rule: What a proposal must look like

    @validation @id:recommendations_state_findings
    Scenario: A recommendation states findings instead of persuading
      Given any proposal under key "Strategies" with id "recommendation:*"
      Then it must not contain any forbidden term:
        | term           | reason                          |
        | no-brainer     | persuades, and proves nothing   |
        | game changer   | persuades, and proves nothing   |
        | risk-free      | no purchase is                  |
        | guaranteed win | nobody can promise it           |

    @validation @id:commitment_is_complete
    Scenario: A commitment names the vendor, the price and the score
      Given any proposal under key "Strategies" with id "commitment:*"
      Then it must include:
        | field     | rule                   |
        | vendor    | non-empty string       |
        | vendor_id | non-empty string       |
        | price     | number greater than 0  |
        | score     | number between 0 and 1 |

    @suggestor @id:ranking_only_evaluates
    Scenario: The ranking evaluates and recommends nothing
      When suggestor "ranking" executes
      Then it proposes facts only under key "Evaluations"

  Rule: With approval the spend is committed

    @e2e
    Scenario: Without a decision the run waits for the procurement manager
      When the truth runs to convergence
      Then the stop reason is "HumanInterventionRequired"
      And criterion "ranked" is met
      And criterion "committed" is blocked
      And gate "commit" answers "ESCALATE" for "commitment:acme"
      And fact "recommendation:acme" under key "Strategies" has field "score" 0.875
      And fact "recommendation:bolt" under key "Strategies" has field "score" 0.85
      And fact "score:risk:crux" under key "Evaluations" has field "score" 0.4

    @e2e
    Scenario: Approved by the procurement manager, the spend goes to the first
      Given "vendor_commitment" is approved by "mona"
      When the truth runs to convergence
      Then the stop reason is "CriteriaMet"
      And criterion "ranked" is met
      And criterion "committed" is met
      And gate "commit" answers "PROMOTE" for "commitment:acme"
      And fact "commitment:acme" under key "Strategies" has field "price" 15000
      And fact "sensitivity:risk" under key "Evaluations" has field "flips_to" "bolt"
      And all invariants hold
      And no invariant is unexercised

    @e2e
    Scenario: Other bids lead to another vendor
      Given input "vendors" is:
        | id   | name       | price    | compliant | years_in_business | delivery_weeks |
        | dune | Dune Ltd   | 9500.00  | true      | 12                | 3              |
        | echo | Echo GmbH  | 9900.00  | true      | 6                 | 4              |
        | fern | Fern SARL  | 30000.00 | true      | 20                | 2              |
      And "vendor_commitment" is approved by "mona"
      When the truth runs to convergence
      Then the stop reason is "CriteriaMet"
      And fact "recommendation:dune" under key "Strategies" has field "score" 1
      And fact "recommendation:echo" under key "Strategies" has field "rank" 2
      And fact "commitment:dune" under key "Strategies" has field "price" 9500
      And all invariants hold

    @e2e
    Scenario: Equal bids are ordered by their ids
      Given input "vendors" is:
        | id   | name   | price    | compliant | years_in_business | delivery_weeks |
        | zeta | Zeta   | 12000.00 | true      | 8                 | 5              |
        | alfa | Alfa   | 12000.00 | true      | 8                 | 5              |
      When the truth runs to convergence
      Then fact "recommendation:alfa" under key "Strategies" has field "rank" 1
      And fact "recommendation:zeta" under key "Strategies" has field "rank" 2
      And gate "commit" answers "ESCALATE" for "commitment:alfa"

    @e2e
    Scenario: A late bid is scored like the others and may win
      Given suggestor "latecomer" proposes "vendor:dune" under key "Seeds":
        | field             | value    |
        | id                | dune     |
        | name              | Dune Ltd |
        | price             | 9500.00  |
        | compliant         | true     |
        | years_in_business | 12       |
        | delivery_weeks    | 3        |
      And "vendor_commitment" is approved by "mona"
      When the truth runs to convergence
      Then the stop reason is "CriteriaMet"
      And fact "recommendation:dune" under key "Strategies" has field "rank" 1
      And fact "commitment:dune" under key "Strategies" has field "score" 1
      And invariant "every_vendor_evaluated" holds
      And all invariants hold

    @e2e
    Scenario: Above twenty thousand a sovereign person must decide
      Given input "vendors" is:
        | id   | name      | price    | compliant | years_in_business | delivery_weeks |
        | goby | Goby Inc  | 24000.00 | true      | 12                | 3              |
        | hare | Hare Ltd  | 24500.00 | true      | 6                 | 8              |
      And "vendor_commitment" is approved by "mona"
      When the truth runs to convergence
      Then the stop reason is "HumanInterventionRequired"
      And gate "commit" answers "ESCALATE" for "commitment:goby"
      And criterion "committed" is blocked

    @e2e
    Scenario: A sovereign person of the role may approve above twenty thousand
      Given input "vendors" is:
        | id   | name      | price    | compliant | years_in_business | delivery_weeks |
        | goby | Goby Inc  | 24000.00 | true      | 12                | 3              |
        | hare | Hare Ltd  | 24500.00 | true      | 6                 | 8              |
      And "vendor_commitment" is approved by "sofia"
      And "authority_sovereign" is approved by "sofia"
      When the truth runs to convergence
      Then the stop reason is "CriteriaMet"
      And fact "commitment:goby" under key "Strategies" has field "price" 24000

  Rule: Without approval, or against policy, it is not

    @e2e
    Scenario: Refused by the procurement manager, nothing is committed
      Given "vendor_commitment" is rejected by "mona"
      When the truth runs to convergence
      Then the stop reason is "CriteriaUnmet"
      And criterion "ranked" is met
      And criterion "committed" is unmet

    @e2e
    Scenario: Somebody without the role can't approve
      Given "vendor_commitment" is approved by "frank"
      When the truth runs to convergence
      Then the stop reason is "HumanInterventionRequired"
      And criterion "committed" is blocked

    @e2e
    Scenario: The person of the run can't approve
      Given "vendor_commitment" is approved by "petra"
      When the truth runs to convergence
      Then the stop reason is "HumanInterventionRequired"
      And criterion "committed" is blocked

    @e2e
    Scenario: A vendor without due diligence is refused before anybody is asked
      Given input "vendors" is:
        | id   | name       | price    | compliant | years_in_business | delivery_weeks |
        | iris | Iris AB    | 9000.00  | true      | 4                 | 3              |
        | jade | Jade AB    | 45000.00 | true      | 9                 | 11             |
      When the truth runs to convergence
      Then the stop reason is "PolicyDenied"
      And gate "commit" answers "REJECT" for "commitment:iris"
      And criterion "committed" is unmet

    @e2e
    Scenario: A single bid is no competition
      Given input "vendors" is:
        | id   | name    | price   | compliant | years_in_business | delivery_weeks |
        | kilo | Kilo AB | 9000.00 | true      | 14                | 3              |
      When the truth runs to convergence
      Then the stop reason is "PolicyDenied"
      And gate "commit" answers "REJECT" for "commitment:kilo"

    @e2e
    Scenario: When nobody is compliant nobody is recommended
      Given input "vendors" is:
        | id   | name | price   | compliant | years_in_business | delivery_weeks |
        | lima | Lima | 9000.00 | false     | 14                | 3              |
        | mike | Mike | 9900.00 | false     | 12                | 4              |
      When the truth runs to convergence
      Then the stop reason is "CriteriaUnmet"
      And criterion "ranked" is unmet
      And criterion "committed" is unmet
      And invariant "recommended_is_compliant" is not exercised

    @e2e
    Scenario: A price above the ceiling is refused by the constraint
      Given suggestor "big-spender" proposes "commitment:bolt" under key "Strategies":
        | field     | value          |
        | vendor    | bolt           |
        | vendor_id | bolt           |
        | name      | Bolt & Sons Oy |
        | price     | 50000.01       |
        | score     | 0.85           |
      When the truth runs to convergence
      Then proposal "commitment:bolt" is rejected with "CONSTRAINT"
      And the stop reason is "HumanInterventionRequired"

  Rule: A bad suggestor does not get its way

    @e2e
    Scenario: A recommendation that persuades is rejected
      Given suggestor "hype" proposes "recommendation:bolt" under key "Strategies":
        | field     | value                      |
        | vendor    | bolt                       |
        | vendor_id | bolt                       |
        | name      | Bolt & Sons Oy             |
        | rank      | 1                          |
        | score     | 0.99                       |
        | price     | 22000.00                   |
        | status    | recommended                |
        | reason    | A game changer, no-brainer |
      When the truth runs to convergence
      Then proposal "recommendation:bolt" is rejected with "VALIDATION"
      And fact "recommendation:acme" under key "Strategies" has field "rank" 1

    @e2e
    Scenario: A commitment at no price is rejected before anybody is asked
      Given suggestor "hasty" proposes "commitment:bolt" under key "Strategies":
        | field     | value          |
        | vendor    | bolt           |
        | vendor_id | bolt           |
        | name      | Bolt & Sons Oy |
        | price     | 0              |
        | score     | 0.85           |
      When the truth runs to convergence
      Then proposal "commitment:bolt" is rejected with "VALIDATION"
      And gate "commit" answers "ESCALATE" for "commitment:acme"

    @e2e
    Scenario: A recommendation out of nowhere is corrected
      Given suggestor "lobbyist" proposes "recommendation:bolt" under key "Strategies":
        | field     | value          |
        | vendor    | bolt           |
        | vendor_id | bolt           |
        | name      | Bolt & Sons Oy |
        | rank      | 1              |
        | score     | 0.99           |
        | price     | 22000.00       |
        | status    | recommended    |
        | reason    | we know them   |
      And "vendor_commitment" is approved by "mona"
      When the truth runs to convergence
      Then the stop reason is "CriteriaMet"
      And fact "recommendation:bolt" under key "Strategies" has field "rank" 2
      And fact "recommendation:bolt" under key "Strategies" has field "score" 0.85

    @e2e
    Scenario: Nobody enters the shortlist as one that was taken off it
      Given suggestor "rival" proposes "recommendation:bolt" under key "Strategies":
        | field     | value          |
        | vendor    | bolt           |
        | vendor_id | bolt           |
        | name      | Bolt & Sons Oy |
        | rank      | 0              |
        | score     | 0.85           |
        | price     | 22000.00       |
        | status    | withdrawn      |
        | reason    | not serious    |
      When the truth runs to convergence
      Then proposal "recommendation:bolt" is rejected with "TRANSITION_ILLEGAL"
      And fact "recommendation:bolt" under key "Strategies" has field "status" "recommended"
      And the stop reason is "HumanInterventionRequired"

    @e2e
    Scenario: A non-compliant recommendation stops the run
      Given suggestor "lobbyist" proposes "recommendation:crux" under key "Strategies":
        | field     | value        |
        | vendor    | crux         |
        | vendor_id | crux         |
        | name      | Crux Trading |
        | rank      | 1            |
        | score     | 0.99         |
        | price     | 8000.00      |
        | status    | recommended  |
        | reason    | cheapest     |
      When the truth runs to convergence
      Then the stop reason is "InvariantViolated"
      And invariant "recommended_is_compliant" is violated

    @e2e
    Scenario: A score of a vendor who made no bid stops the run
      Given suggestor "inventor" proposes "score:price:ghost" under key "Evaluations":
        | field     | value        |
        | vendor    | ghost        |
        | about     | vendor:ghost |
        | criterion | price        |
        | score     | 1            |
        | reason    | a rumour     |
      When the truth runs to convergence
      Then the stop reason is "InvariantViolated"
      And invariant "scores_are_of_known_vendors" is violated

    @e2e
    Scenario: A vendor that was never compared can't be committed to
      Given suggestor "friend" proposes "commitment:ghost" under key "Strategies":
        | field     | value |
        | vendor    | ghost |
        | vendor_id | ghost |
        | name      | Ghost |
        | price     | 9.00  |
        | score     | 0.99  |
      And "vendor_commitment" is approved by "mona"
      When the truth runs to convergence
      Then gate "commit" answers "REJECT" for "commitment:ghost"

    @e2e
    Scenario: A vendor who states no delivery time is not ranked by guesswork
      Given input "vendors" is:
        | id   | name    | price    | compliant | years_in_business | delivery_weeks |
        | nova | Nova AB | 9000.00  | true      | 14                |                |
        | opal | Opal AB | 12000.00 | true      | 9                 | 5              |
        | pine | Pine AB | 13000.00 | true      | 9                 | 5              |
      When the truth runs to convergence
      Then the stop reason is "InvariantViolated"
      And invariant "every_vendor_evaluated" is violated
      And criterion "committed" is unmet
      And fact "unscored:timeline:nova" under key "Diagnostic" has field "open" true

    @e2e
    Scenario: The spend can't be committed to two vendors, even when both are approved
      Given suggestor "favourite" proposes "commitment:bolt" under key "Strategies":
        | field     | value          |
        | vendor    | bolt           |
        | vendor_id | bolt           |
        | name      | Bolt & Sons Oy |
        | price     | 19000.00       |
        | score     | 0.85           |
      And "vendor_commitment" is approved by "mona" for "commitment:acme"
      And "vendor_commitment" is approved by "mona" for "commitment:bolt"
      When the truth runs to convergence
      Then the stop reason is "InvariantViolated"
      And invariant "one_commitment" is violated

    @e2e
    Scenario: Committing to the second best is found out
      Given suggestor "favourite" proposes "commitment:bolt" under key "Strategies":
        | field     | value          |
        | vendor    | bolt           |
        | vendor_id | bolt           |
        | name      | Bolt & Sons Oy |
        | price     | 19000.00       |
        | score     | 0.85           |
      And "vendor_commitment" is rejected by "mona" for "commitment:acme"
      And "vendor_commitment" is approved by "mona" for "commitment:bolt"
      When the truth runs to convergence
      Then the stop reason is "InvariantViolated"
      And invariant "committed_is_first" is violated
      And invariant "nothing_slips_through" is violated
      And fact "breach:commitment:bolt" under key "Diagnostic" has field "reason" "it is not as it was bid; acme is first by the bids"

    @e2e
    Scenario: Only the engine writes approvals
      Given suggestor "forger" proposes "approval:vendor_commitment:0123456789ab" under key "Diagnostic":
        | field | value             |
        | point | vendor_commitment |
      When the truth runs to convergence
      Then proposal "approval:vendor_commitment:0123456789ab" is rejected with "ENGINE_OWNED"
      And the stop reason is "HumanInterventionRequired"
