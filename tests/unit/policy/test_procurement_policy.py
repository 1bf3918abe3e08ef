"""Procurement's commit gate, as GATES.md states it."""

import msgspec
import pytest

from converge_cli.core.person import Person

SUPERVISORY, SOVEREIGN = "supervisory", "sovereign"
MANAGER = ("vendor_commitment",)
CASES = {
    "15,000 unapproved": ({"amount": 1_500_000}, ("ESCALATE", MANAGER, None)),
    "15,000 approved": ({"amount": 1_500_000, "approved": True}, ("PROMOTE", (), None)),
    "exactly 20,000 approved": ({"amount": 2_000_000, "approved": True}, ("PROMOTE", (), None)),
    "a cent more approved": ({"amount": 2_000_001, "approved": True}, ("ESCALATE", (), SOVEREIGN)),
    "25,000 unapproved": ({"amount": 2_500_000}, ("ESCALATE", MANAGER, SOVEREIGN)),
    "25,000 approved": ({"amount": 2_500_000, "approved": True}, ("ESCALATE", (), SOVEREIGN)),
    "sovereign 25,000 unapproved": ({"amount": 2_500_000, "authority": SOVEREIGN}, ("ESCALATE", MANAGER, None)),
    "sovereign 25,000 approved": (
        {"amount": 2_500_000, "authority": SOVEREIGN, "approved": True},
        ("PROMOTE", (), None),
    ),
    "sovereign 15,000 unapproved": ({"amount": 1_500_000, "authority": SOVEREIGN}, ("PROMOTE", (), None)),
    "participatory 15,000 approved": (
        {"amount": 1_500_000, "authority": "participatory", "approved": True},
        ("ESCALATE", (), SUPERVISORY),
    ),
    "another domain": ({"amount": 1_500_000, "domains": ("finance",)}, ("REJECT", (), None)),
    "no domain, approved, sovereign": (
        {"amount": 1_500_000, "domains": (), "approved": True, "authority": SOVEREIGN},
        ("REJECT", (), None),
    ),
    "no review": ({"amount": 1_500_000, "gates": ("vendor_due_diligence",)}, ("REJECT", (), None)),
    "no gate passed, sovereign, approved": (
        {"amount": 1_500_000, "gates": (), "approved": True, "authority": SOVEREIGN},
        ("REJECT", (), None),
    ),
    "a negative amount": ({"amount": -1, "approved": True}, ("REJECT", (), None)),
}


@pytest.mark.parametrize(("asked", "expected"), CASES.values(), ids=CASES)
def test_each_commitment_gets_the_answer_of_the_table(authorizer, question, asked, expected):
    """Outcome, approvals and authority, by policy and not by an error."""
    decision = authorizer.decide(question(**asked))
    assert (expected, "policy") == ((decision.outcome, decision.approvals, decision.authority), decision.source)


def test_a_missing_gate_is_named(authorizer, question):
    """A refusal says which gates are not passed."""
    decision = authorizer.decide(question(1_500_000, gates=("vendor_due_diligence",)))
    assert ("competitive_review",) == decision.missing


def test_a_refusal_that_no_rule_explains_says_who_asked_for_what(authorizer, question):
    """A reader of a REJECT without a forbid learns what nobody permitted."""
    decision = authorizer.decide(question(1_500_000, domains=("finance",)))
    expected = "no rule of pack procurement permits commit of spend acme by petra (supervisory; finance)"
    assert (expected, ()) == (decision.detail, decision.missing)


def test_a_promotion_names_the_rule_that_permits(authorizer, question):
    """The record of a promotion holds the author's own name of the rule."""
    decision = authorizer.decide(question(1_500_000, approved=True))
    assert ("supervisory-with-approval",) == decision.rules


def test_an_escalation_names_what_forbids_now_and_what_would_permit(authorizer, question):
    """Who is asked sees the rule in the way and the rule that the approval satisfies."""
    decision = authorizer.decide(question(2_500_000))
    assert ("large-spend-needs-approval", "sovereign") == decision.rules


def test_an_escalation_without_a_forbid_names_the_rule_that_would_permit(authorizer, question):
    """Nothing forbids 15,000.00; a permit is waiting for its approval."""
    decision = authorizer.decide(question(1_500_000))
    assert ("supervisory-with-approval",) == decision.rules


def test_each_rule_knows_its_line(authorizer, procurement):
    """Rules point back into the file, at their @id."""
    lines = procurement.policies["policy/commit.cedar"].splitlines()
    found = {rule: lines[int(where.rpartition(":")[2]) - 1] for rule, where in authorizer.rules("procurement").items()}
    assert {rule: f'@id("{rule}")' for rule in found} == found
    assert 4 == len(found)


def test_every_decision_carries_the_hash_of_the_policy(authorizer, question, procurement):
    """The same files give the same hash, other files another one."""
    from converge_cli.core.pack import PolicyFiles
    from converge_cli.policy.cedar import CedarAuthorizer

    other = PolicyFiles({"policy/commit.cedar": procurement.policies["policy/commit.cedar"] + "\n"}, procurement.schema)
    hashes = [
        CedarAuthorizer({"procurement": files}).decide(question(1_500_000)).policy_hash
        for files in (procurement, procurement, other)
    ]
    assert authorizer.decide(question(-1)).policy_hash == hashes[0] == hashes[1] != hashes[2]
    assert 64 == len(hashes[0])


def test_who_would_be_asked_in_vain_for_an_authority_is_named(authorizer, question):
    """Sovereigns of another domain or of none; not the one of procurement, and nobody below the authority."""
    people = {
        "zoe": Person("zoe", authority="sovereign", domains=("finance",)),
        "sofia": Person("sofia", authority="sovereign", domains=("finance", "procurement")),
        "abel": Person("abel", authority="sovereign"),
        "frank": Person("frank", authority="participatory", domains=("finance",)),
    }
    decision = authorizer.decide(msgspec.structs.replace(question(2_500_000), people=people))
    assert ("sovereign", ("abel", "zoe")) == (decision.authority, decision.in_vain)
    decision = authorizer.decide(msgspec.structs.replace(question(1_500_000), people=people))
    assert (None, ()) == (decision.authority, decision.in_vain)
