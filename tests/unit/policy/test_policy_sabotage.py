"""Law 8 against an engine that is broken, old or lies: whatever cedarpy does, nothing is promoted."""

import subprocess
import sys
import textwrap
from types import SimpleNamespace

import cedarpy
import pytest

from converge_cli.core.pack import PolicyFiles
from converge_cli.policy import policy_set
from converge_cli.policy.cedar import CedarAuthorizer
from converge_cli.policy.self_test import version_fits

ASK = """
from converge_cli.core.flow_gate import *
from converge_cli.core.pack import PolicyFiles
from converge_cli.policy.cedar import CedarAuthorizer
SCHEMA = '''
entity Person { authority: String, domains: Set<String>, policy_version: String };
entity Resource { kind: String, phase: String, gates_passed: Set<String> };
action commit appliesTo { principal: [Person], resource: [Resource], context: {
  commitment_type: String, human_approval_present: Bool, required_gates_met: Bool } };
'''
request = FlowGateInput(Principal("a", "sovereign", ()), Resource("r", "k", "intent", ()), "commit",
    {"commitment_type": "k", "human_approval_present": True, "required_gates_met": True})
gate = CedarAuthorizer({"p": PolicyFiles({"a.cedar": '@id("all") permit (principal, action, resource);'}, SCHEMA)})
decision = gate.decide(FlowQuestion("p", request, (), {}))
print(decision.outcome, decision.source, len(decision.policy_hash), decision.detail)
"""
SABOTAGES = {
    "gone": ("sys.modules['cedarpy'] = None", "can't be imported"),
    "raises at its import": (
        """
        class Broken:
            def find_spec(self, name, path=None, target=None):
                if name == "cedarpy":
                    raise OSError("wrong ELF class")
        sys.meta_path.insert(0, Broken())
        """,
        "wrong ELF class",
    ),
    "empty": ("sys.modules['cedarpy'] = types.ModuleType('cedarpy')", "AttributeError"),
    "an older release": (
        """
        import cedarpy
        for name in ("PolicySet", "Schema", "Entities"):
            delattr(cedarpy, name)
        """,
        "AttributeError",
    ),
    "an older version": (
        """
        import importlib.metadata
        known = importlib.metadata.version
        importlib.metadata.version = lambda name: "4.1.0" if name == "cedarpy" else known(name)
        """,
        "cedarpy 4.1.0 is installed",
    ),
    "allows everything": (
        """
        import cedarpy
        class Yes:
            allowed, decision = True, cedarpy.Decision.Allow
            diagnostics = types.SimpleNamespace(errors=[], reasons=["all"], id_annotations_by_reason={})
        cedarpy.is_authorized = lambda *_args, **_options: Yes()
        """,
        "may not decide",
    ),
    "raises whatever it is asked": (
        """
        import cedarpy
        def broken(*_args, **_options):
            raise MemoryError("no more")
        cedarpy.is_authorized = broken
        """,
        "MemoryError",
    ),
    "panics": (
        """
        import cedarpy
        PanicException = type("PanicException", (BaseException,), {})
        def broken(*_args, **_options):
            raise PanicException("index out of bounds")
        cedarpy.is_authorized = broken
        """,
        "panicked",
    ),
    "panics while it loads": (
        """
        import cedarpy
        PanicException = type("PanicException", (BaseException,), {})
        class Schema:
            @staticmethod
            def from_str(_text):
                raise PanicException("index out of bounds")
        cedarpy.Schema = Schema
        """,
        "panicked",
    ),
}


@pytest.mark.parametrize(("sabotage", "why"), SABOTAGES.values(), ids=SABOTAGES)
def test_an_engine_that_does_not_work_refuses_everything_and_nothing_is_raised(sabotage, why):
    """In a process of its own, a request that the policy permits."""
    program = "import sys, types\n" + textwrap.dedent(sabotage) + ASK
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("REJECT error 64 ")
    assert why in done.stdout


def test_the_same_request_is_promoted_by_a_sound_engine():
    """So that the refusals above are those of the sabotage."""
    done = subprocess.run([sys.executable, "-c", ASK], capture_output=True, text=True, check=True)
    assert "PROMOTE policy 64" == done.stdout.strip()


def _answer(decision: object, reasons: object, *, allowed: object = True, errors: object = ()) -> SimpleNamespace:
    return SimpleNamespace(
        decision=decision, allowed=allowed, diagnostics=SimpleNamespace(errors=errors, reasons=reasons)
    )


ALLOW, DENY = cedarpy.Decision.Allow, cedarpy.Decision.Deny
NONSENSE = {
    "allowed by nothing": _answer(ALLOW, []),
    "allowed by a rule that nobody wrote": _answer(ALLOW, ["policy0"]),
    "allowed by a forbid": _answer(ALLOW, ["amount-is-not-negative"]),
    "an allow that is not allowed": _answer(ALLOW, ["sovereign"], allowed=False),
    "an allow that is only truthy": _answer(ALLOW, ["sovereign"], allowed="yes"),
    "a decision in words": _answer("Allow", ["sovereign"]),
    "no decision": _answer(cedarpy.Decision.NoDecision, [], allowed=False),
    "no decision at all": _answer(None, [], allowed=None),
    "denied by a permit": _answer(DENY, ["sovereign"], allowed=False),
    "an allow with an error": _answer(ALLOW, ["sovereign"], errors=["overflow"]),
    "an error that is no text": _answer(ALLOW, ["sovereign"], errors=[None]),
    "reasons that are none": _answer(ALLOW, None),
    "nothing": None,
    "a text": "Allow",
    "true": True,
}


@pytest.mark.parametrize("answer", NONSENSE.values(), ids=NONSENSE)
def test_an_answer_that_contradicts_itself_is_refused_as_an_error(procurement, question, monkeypatch, answer):
    """The self-test has passed; after it the engine answers like this."""
    gate = CedarAuthorizer({"procurement": procurement})
    asked = question(1_500_000, approved=True)
    assert "PROMOTE" == gate.decide(asked).outcome
    monkeypatch.setattr(cedarpy, "is_authorized", lambda *_args, **_options: answer)
    decision = gate.decide(asked)
    assert ("REJECT", "error") == (decision.outcome, decision.source)


FIXED = "when { context.amount < 0 }"
COUNTED = {
    "what nobody can give another value": ("forbid", FIXED, 1),
    "who acts": ("forbid", 'when { context.amount < 0 && principal.authority != "x" }', 4),
    "an approval": ("forbid", "when { context.amount < 0 || context.human_approval_present }", 4),
    "the context as a whole": ("forbid", "when { context.amount < 0 && context == context }", 4),
    "nothing that forbids": ("permit", FIXED + ' when { principal.domains.contains("it") }', 4),
}


@pytest.mark.parametrize(("effect", "body", "calls"), COUNTED.values(), ids=COUNTED)
def test_nothing_is_tried_against_a_forbid_that_nothing_could_lift(
    procurement, question, monkeypatch, effect, body, calls
):
    """Cedar is asked once; where a grant or an authority could matter, it is asked about each of them."""
    rule = f'@id("mine") {effect} (principal, action, resource) {body};'
    gate = CedarAuthorizer({"procurement": PolicyFiles({"policy/p.cedar": rule}, procurement.schema)})
    assert "REJECT" == gate.decide(question(-1)).outcome
    real, asked = cedarpy.is_authorized, []
    monkeypatch.setattr(cedarpy, "is_authorized", lambda *given, **more: asked.append(given) or real(*given, **more))
    answer = gate.decide(question(-1))
    assert ("REJECT", "policy", calls) == (answer.outcome, answer.source, len(asked))


@pytest.mark.parametrize("nonsense", [None, 7, "question", {}, ("procurement",)], ids=repr)
def test_what_is_no_question_is_refused(authorizer, nonsense):
    """The port takes whatever comes, and never raises."""
    decision = authorizer.decide(nonsense)
    assert ("REJECT", "error", "") == (decision.outcome, decision.source, decision.policy_hash)


def test_an_interrupt_is_not_taken_for_a_refusal(procurement, question, monkeypatch):
    """Who stops the program stops it."""
    gate = CedarAuthorizer({"procurement": procurement})

    def interrupted(*_args: object, **_options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cedarpy, "is_authorized", interrupted)
    with pytest.raises(KeyboardInterrupt):
        gate.decide(question(1_500_000))


@pytest.mark.parametrize(
    ("found", "fits"),
    [("4.12.2", True), ("4.12.1", False), ("4.13", True), ("5.0.0rc1", True), ("4.9.9", False), ("", False)],
)
def test_a_release_of_the_engine_is_new_enough_or_not(found, fits):
    """By numbers, not by letters."""
    assert fits is version_fits(found)


def test_validation_tells_of_an_engine_that_may_not_judge(procurement, monkeypatch):
    """`converge validate` must not call a policy sound that nobody could judge."""
    monkeypatch.setattr(policy_set, "self_test", lambda: ["a forbid beats a permit: Allow"])
    (problem,) = policy_set.policy_problems("procurement", procurement, ())
    assert ("POLICY_INVALID", True) == (problem.code, "a forbid beats a permit" in problem.message)
