"""Writes vendor-selection.jsonl: the events of a run with a pause for people, every kind of event at least once.

Run it by hand when the schema gets a new event: `python tests/golden/trace/make_sample.py`.
"""

from pathlib import Path
from typing import Any

from converge_cli._internal.canonical_json import encode
from converge_cli.core.event import decode_event, encode_event

TARGET = Path(__file__).with_name("vendor-selection.jsonl")
RUN = "01k9f3w7q"
DIGEST = "4f1c9a0b77e2d15c9e0a4f1c9a0b77e2d15c9e0a4f1c9a0b77e2d15c9e0a1234"
REQUEST = f"{RUN}.vendor_commitment.{DIGEST[:12]}"
COMMITMENT = {"price": "15000.00", "score": "0.875", "vendor": "acme"}
events: list[dict[str, Any]] = []
cycle = 0


def add(kind: str, **fields: Any) -> int:
    seq = len(events) + 1
    at = f"2026-11-21T14:{3 + seq // 4000:02d}:{(seq // 60) % 60:02d}.{seq * 1000:06d}Z"
    events.append({"type": kind, "seq": seq, "at": at, **fields})
    return seq


def executed(name: str, proposals: list[dict[str, Any]], us: int = 0) -> int:
    return add("SuggestorExecuted", cycle=cycle, suggestor=name, view=3, proposals=proposals, elapsed_us=us)


def proposal(
    key: str, fact: str, payload: Any, confidence: str = "1", evidence: tuple[str, ...] = ()
) -> dict[str, Any]:
    sure = {} if confidence == "1" else {"confidence": confidence}
    return {"key": key, "id": fact, "payload": payload, "evidence": list(evidence)} | sure


def promote(seq: int, proposals: list[dict[str, Any]], **fields: Any) -> None:
    for position, item in enumerate(proposals):
        add("FactPromoted", cycle=cycle, key=item["key"], id=item["id"], execution=seq, position=position, **fields)


def begin() -> None:
    global cycle  # noqa: PLW0603  a script that runs from top to bottom
    cycle += 1
    add("CycleStarted", cycle=cycle, eligible=4, active_ms=cycle * 190)


def invariant(name: str, verdict: str, when: str = "semantic", **fields: Any) -> None:
    add("InvariantChecked", cycle=cycle, result={"id": name, "when": when, "verdict": verdict, **fields})


def criterion(name: str, result: str, *, due: bool = False, **fields: Any) -> None:
    add("CriterionEvaluated", cycle=cycle, result={"id": name, "result": result, **fields}, due=due)


def gate(outcome: str, approved: bool, **fields: Any) -> int:
    request = {
        "principal": {"id": "petra", "authority": "supervisory", "domains": ["procurement"], "policy_version": "1"},
        "resource": {"id": "acme", "kind": "spend", "phase": "commitment", "gates_passed": ["competitive_review"]},
        "action": "commit",
        "context": {"amount": 1500000, "human_approval_present": approved, "required_gates_met": True},
    }
    decision = {"outcome": outcome, "policy_hash": "ab" * 32, **fields}
    return add("GateDecided", cycle=cycle, gate="commit", fact="commitment:acme", request=request, decision=decision)


def first_cycles() -> None:
    vendors = [
        proposal("Seeds", f"vendor:{name}", {"id": name, "name": title, "price": price, "compliant": ok})
        for name, title, price, ok in (
            ("acme", "Acme AB", "15000.00", True),
            ("bolt", "Bolt & Co", "12000.00", True),
            ("crux", "Crux Ltd", "9000.00", False),
        )
    ]
    promote(executed("inputs", vendors), vendors)
    invariant("every_vendor_evaluated", "not exercised")
    invariant("recommended_is_compliant", "not exercised", "acceptance")
    begin()
    names = ("acme", "bolt", "crux")
    for what, scores in (("price", ("0.7", "0.85", "1")), ("risk", ("1", "0.85", "0.2"))):
        made = [
            proposal(
                "Evaluations",
                f"score:{what}:{name}",
                {"criterion": what, "score": score, "vendor": name},
                "0.9" if what == "risk" else "1",
                (f"vendor:{name}",),
            )
            for name, score in zip(names, scores, strict=True)
        ]
        promote(executed(f"{what}-evaluator", made, 12_300 if what == "price" else 11_000), made)
    add(
        "SuggestorFailed",
        cycle=cycle,
        suggestor="market-news",
        view=3,
        code="UNAVAILABLE",
        detail="no backend for web search",
    )
    add(
        "FactPromoted",
        cycle=cycle,
        key="Diagnostic",
        id="failure:market-news",
        content={"code": "UNAVAILABLE", "suggestor": "market-news"},
    )
    add("BudgetCharged", suggestor="risk-evaluator", tokens=1200, cost_usd="0.012")
    invariant("every_vendor_evaluated", "holds")
    criterion("ranked", "unmet", cause="not produced", reason="nothing was found")


def second_cycles() -> int:
    begin()
    made = [
        proposal(
            "Strategies",
            "recommendation:acme",
            {"rank": 1, "score": "0.875", "vendor": "acme"},
            "1",
            ("score:price:acme", "score:risk:acme"),
        ),
        proposal(
            "Strategies",
            "recommendation:bolt",
            {"rank": 2, "score": "0.850", "vendor": "bolt"},
            "1",
            ("score:price:bolt", "score:risk:bolt"),
        ),
        proposal(
            "Strategies",
            "recommendation:crux",
            {"rank": 3, "score": "0.475", "vendor": "crux"},
            "1",
            ("score:price:crux",),
        ),
    ]
    seq = executed("consensus", made, 2_100)
    promote(seq, made[:2])
    add(
        "ProposalRejected",
        cycle=cycle,
        key="Strategies",
        id="recommendation:crux",
        execution=seq,
        position=2,
        code="VALIDATION",
        reason='hype_terms: the text says "best in class"',
    )
    begin()
    made = [proposal("Evaluations", "sensitivity:price", {"criterion": "price", "flips_at": "0.412"}, "0.8")]
    promote(executed("sensitivity", made, 310_000), made)
    made = [proposal("Strategies", "commitment:acme", COMMITMENT, "1", ("recommendation:acme",))]
    committed = executed("commit", made, 400)
    decided = gate("ESCALATE", False, approvals=["vendor_commitment"], rules=["supervisory-needs-approval"])
    add(
        "ProposalParked",
        cycle=cycle,
        key="Strategies",
        id="commitment:acme",
        execution=committed,
        position=0,
        points=["vendor_commitment"],
        gate=decided,
    )
    add(
        "ApprovalRequested",
        cycle=cycle,
        request={
            "id": REQUEST,
            "point": "vendor_commitment",
            "digest": DIGEST,
            "key": "Strategies",
            "fact": "commitment:acme",
            "kind": "commitment",
            "content": COMMITMENT,
            "evidence": ["recommendation:acme", "score:risk:acme"],
            "suggestor": "commit",
            "requested_at": "2026-11-21T14:03:00.000000Z",
            "summary": "Commit spend of 15,000.00 to Acme AB",
            "why": {
                "criteria": ["committed"],
                "gate": "commit",
                "outcome": "ESCALATE",
                "rules": ["supervisory-needs-approval"],
                "values": [["amount", "15,000.00"], ["human_approval_present", "false"]],
            },
            "role": "procurement_manager",
            "not_by": ["petra"],
            "until": "2026-11-23T13:10:00.000000Z",
            "on_timeout": "reject",
        },
    )
    invariant("low_confidence_reviewed", "not exercised", "acceptance")
    invariant("recommended_is_compliant", "holds", "acceptance")
    criterion("ranked", "met", evidence=["recommendation:acme"])
    begin()
    missing = [
        {
            "criterion": "committed",
            "what": "approval",
            "name": "vendor_commitment",
            "who": "procurement_manager",
            "since": "2026-11-21T14:03:00.000000Z",
            "until": "2026-11-23T13:10:00.000000Z",
            "request": REQUEST,
            "fact": "commitment:acme",
        }
    ]
    criterion("ranked", "met", evidence=["recommendation:acme"], due=True)
    criterion("committed", "blocked", due=True, missing=missing)
    stop = {"reason": "HumanInterventionRequired", "cycle": cycle, "names": ["vendor_commitment"], "missing": missing}
    add("RunPaused", stop=stop, active_ms=1160, outcome="9c41f2a0bee0" + "0" * 52)
    return committed


def after_the_pause(committed: int) -> None:
    approval = {
        "request": REQUEST,
        "digest": DIGEST,
        "by": "petra",
        "role": "",
        "reason": "my own",
        "mode": "interactive",
        "decision": "approved",
    }
    add("DecisionRefused", approval=approval, code="SELF_APPROVAL", detail="petra is the principal of gate commit")
    add(
        "ApprovalDecided",
        approval=approval | {"by": "mona", "role": "procurement_manager", "reason": "three bids compared"},
    )
    add("RunResumed", inputs=[])
    events[-1]["at"] = "2026-11-21T14:03:41.500000Z"
    begin()
    made = [proposal("Strategies", "commitment:acme", COMMITMENT)]
    decided = gate("PROMOTE", True, rules=["supervisory-with-approval"])
    add("ApprovalSpent", requests=[REQUEST], key="Strategies", fact="commitment:acme")
    promote(committed, made, gate=decided, approvals=[REQUEST])
    begin()
    criterion("ranked", "met", evidence=["recommendation:acme"], due=True)
    criterion("committed", "met", evidence=["commitment:acme"], due=True)
    stop = {"reason": "CriteriaMet", "cycle": cycle}
    add("RunStopped", stop=stop, active_ms=1240, outcome="9c41f2a0bee0" + "1" * 52)


add(
    "RunStarted",
    schema="converge.event/1",
    engine="0.1.0",
    run=RUN,
    truth="vendor-selection",
    title="Vendor selection: one vendor is recommended, and spend commits only with approval",
    job="cd" * 32,
    budget={"cycles": 50, "facts": 100000, "time": "300", "tokens": None, "cost_usd": None},
    principal="petra",
    suggestors=["price-evaluator", "risk-evaluator", "market-news", "consensus", "sensitivity", "commit"],
)
after_the_pause((first_cycles(), second_cycles())[1])
TARGET.write_bytes(b"".join(encode_event(decode_event(encode(event))) + b"\n" for event in events))
