"""An explanation as a tree of labelled lines, for people. Drawn from its data alone; every text is made safe here."""

from collections.abc import Iterator, Mapping
from datetime import tzinfo
from typing import Any

import msgspec

from converge_cli._internal.canonical_json import encode
from converge_cli.trace.glyphs import SEPARATOR
from converge_cli.trace.one_line import one_line
from converge_cli.trace.sanitize import safe
from converge_cli.trace.wording import REASON, amount_text, ids_text, is_early, plural, spoken, time_text

MOST = 40
"""Branches of one kind that are drawn; --json has all."""

Data = Mapping[str, Any]


class Branch(msgspec.Struct):
    """One line of the tree: a label in dim letters, what it says, and the lines below it."""

    label: str
    text: str = ""
    below: list["Branch"] = []


_TIMES = frozenset({"until", "decided_at"})


def explain_tree(data: Data, zone: tzinfo | None = None) -> Branch:
    """The tree of an explanation; times in the zone, or as they were recorded."""
    data = _timed(data, zone)
    return {"fact": _fact, "criterion": _criterion, "gate": _gate, "run": _run}[data["what"]](data)


def _timed(data: Any, zone: tzinfo | None, *, asked: bool = False) -> Any:
    """The data with the times of requests in the zone; a fact's content stays as it was proposed."""
    if isinstance(data, list | tuple):
        return [_timed(item, zone, asked=asked) for item in data]
    if not isinstance(data, Mapping):
        return data
    told = {}
    for name, item in data.items():
        if asked and name in _TIMES and item:
            told[name] = time_text(item, zone)
        else:
            told[name] = item if name == "content" else _timed(item, zone, asked=asked or name == "requests")
    return told


def _fact(data: Data) -> Branch:
    claims, root = data["claims"], data["claims"][data["id"]]
    made = Branch(_standing(root), f"{safe(root['key'])} {safe(root['id'])}", list(_settled(root)))
    made.below += [_clause(item) for item in data["clauses"]]
    drawn = {root["id"]}
    if root["evidence"] or root["corrects"]:
        made.below.append(Branch("rests on", "", _evidence(root, claims, drawn)))
    falls = data["falls"]
    if any(falls.values()):
        below = [Branch(name, ids_text(tuple(falls[name]), MOST)) for name in falls if falls[name]]
        made.below.append(Branch("if it is wrong", "these fall", below))
    else:
        made.below.append(Branch("if it is wrong", "nothing else falls"))
    return made


def _standing(claim: Data) -> str:
    return {"fact": "fact", "corrected": "corrected fact"}.get(claim["standing"], f"{claim['standing']} proposal")


def _settled(claim: Data) -> Iterator[Branch]:
    """What it says, who proposed it, and through which door it came or did not."""
    if claim["content"] is not None:
        yield Branch("says", one_line(encode(claim["content"]), REASON))
    sure = "" if claim["confidence"] == "1" else f", confidence {safe(claim['confidence'])}"
    yield Branch("proposed by", f"{safe(claim['suggestor'])} in cycle {claim['cycle']}{sure}")
    if claim["corrected_by"]:
        yield Branch("corrected by", safe(claim["corrected_by"]))
    if claim["gate"] is not None:
        yield _answer(claim["gate"])
    if claim["standing"] in {"rejected", "denied", "withdrawn"}:
        by = f" by {ids_text(tuple(claim['by']))}" if claim["by"] else ""
        yield Branch(
            claim["standing"],
            ": ".join(filter(None, (f"{safe(claim['code'] or '')}{by}".strip(), safe(claim["reason"], REASON)))),
        )
    for request in claim["requests"]:
        yield _request(request)


def _evidence(claim: Data, claims: Mapping[str, Data], drawn: set[str]) -> list[Branch]:
    """What a claim rests on, and that in turn; what has been drawn above is named and not drawn again."""
    ids = [*claim["evidence"], *([claim["corrects"]] if claim["corrects"] else [])]
    made = []
    for item in ids[:MOST]:
        found = claims.get(item)
        if found is None:
            made.append(Branch(safe(item), "not in the record"))
        elif item in drawn:
            made.append(Branch(safe(item), "see above"))
        else:
            drawn.add(item)
            corrects = "what it corrects; " if item == claim["corrects"] else ""
            made.append(Branch(safe(item), corrects + _by(found), _evidence(found, claims, drawn)))
    return made + _more(len(ids))


def _by(claim: Data) -> str:
    said = "" if claim["content"] is None else one_line(encode(claim["content"]), 100, beside=claim["id"])
    return SEPARATOR.join(filter(None, (f"by {safe(claim['suggestor'])}", said)))


def _answer(gate: Data) -> Branch:
    """One answer of policy: rules by name, and the values that they saw."""
    said = [gate["outcome"]]
    said += [f"rule {ids_text(tuple(gate['rules']))}"] if gate["rules"] else []
    said += [f"missing gate {ids_text(tuple(gate['missing']))}"] if gate["missing"] else []
    below = [_rule(item, gate["outcome"]) for item in gate.get("rules_seen", ())]
    if gate["values"]:
        below.append(Branch("values", ", ".join(f"{spoken(name)} {_value(gate, name)}" for name in gate["values"])))
    if gate["principal"] is not None:
        who = gate["principal"]
        below.append(Branch("asked for", f"{safe(who['id'])} ({who['authority']}; {ids_text(tuple(who['domains']))})"))
    if gate["resource"] is not None and gate["resource"]["gates_passed"]:
        below.append(Branch("gates passed", ids_text(tuple(gate["resource"]["gates_passed"]))))
    below += [_missing(item) for item in gate.get("missing_gates", ())]
    below += _unlocked(gate)
    if gate["detail"]:
        below.append(Branch("why", safe(gate["detail"], REASON)))
    return Branch(f"gate {safe(gate['gate'])}", f"{', '.join(said)}  (event {gate['event']})", below)


def _value(gate: Data, name: str) -> str:
    """As the rules and the panel of a request have it: an amount in whole units, true and false as policy says them."""
    return amount_text(gate["in_words"].get(name) or encode(gate["values"][name]).decode())


def _rule(rule: Data, outcome: str) -> Branch:
    """One rule with its effect and what it saw: `forbids`, `permits`, or `would permit` once it is unlocked."""
    verb = {"forbid": "forbids", "permit": "would permit" if outcome == "ESCALATE" else "permits"}[rule["effect"]]
    saw = ", ".join(f"{spoken(name)} {amount_text(value)}" for name, value in rule["saw"].items()) or "nothing"
    return Branch(f"rule {safe(rule['rule'])}", f"{verb}; it saw {saw}  ({safe(rule['where'])})")


def _missing(item: Data) -> Branch:
    by = f"suggestor {ids_text(tuple(item['passed_by']))}" if item["passed_by"] else "no suggestor of this run"
    return Branch("missing", f"gate {safe(item['gate'])}; {by} may say that it is passed")


def _unlocked(gate: Data) -> Iterator[Branch]:
    """What would turn the answer, as policy itself said when it was asked."""
    if gate["outcome"] == "PROMOTE":
        return
    authority = gate["unlocked_by"]["authority"]
    wanted = [f"approval of {_point(item)}" for item in gate.get("unlock", ())]
    wanted = wanted or [f"approval of {safe(name)}" for name in gate["unlocked_by"]["approvals"]]
    wanted += [f"somebody of authority {authority} or higher"] if authority else []
    yield Branch("unlocked by", " and ".join(wanted) or "no approval that is declared")


def _point(item: Data) -> str:
    grants = [
        *(f"gate {name}" for name in item["gates"]),
        *(f"{spoken(name)} {amount_text(value)}" for name, value in item["context"].items()),
    ]
    role = f"{safe(item['role'])} decides" if item["role"] else "not declared by the truth"
    return f"{safe(item['point'])} ({role}; it grants {safe(', '.join(grants)) or 'nothing'})"


def _request(request: Data) -> Branch:
    below = [
        Branch(
            item["decision"],
            f'{_who_said(item)}: "{safe(item["reason"], REASON)}"',
        )
        for item in request["decisions"]
    ]
    state = "" if below else "; nobody has decided"
    until = f", until {safe(request['until'])}" if request["until"] and not below else ""
    return Branch(f"approval {safe(request['point'])}", f"{safe(request['who'])} decides{until}{state}", below)


def _who_said(decision: Data) -> str:
    """Who, in which role, how, and when; records of old versions do not say when."""
    how = (decision["mode"], safe(decision.get("decided_at", "")), "signed" if decision.get("signature") else "")
    return f"{safe(decision['by'])} ({safe(decision['role'])}), {', '.join(filter(None, how))}"


def _clause(clause: Data) -> Branch:
    return Branch(
        f"clause {safe(clause['clause'])}", f"{safe(clause['text'], REASON)}  (check {safe(clause['check'] or '')})"
    )


def _criterion(data: Data) -> Branch:
    required = "" if data["required"] else " (not required)"
    made = Branch(f"criterion {data['result']}{required}", f"{safe(data['id'])}: {safe(data['description'], REASON)}")
    made.below += [Branch("checks", safe(text, REASON)) for text in data["checks"]]
    if data["reason"]:
        made.below.append(Branch("why", safe(": ".join(filter(None, (data["cause"], data["reason"]))), REASON)))
    claims = data["claims"]
    if data["evidence"]:
        below = [Branch(safe(item), _by(claims[item])) for item in data["evidence"][:MOST] if item in claims]
        made.below.append(Branch("met by", plural(len(data["evidence"]), "fact"), below + _more(len(data["evidence"]))))
    made.below += [_clause(item) for item in data["clauses"]]
    if data["changed_by"]:
        below = [Branch("", safe(text, REASON)) for text in data["changed_by"][:MOST]]
        made.below.append(Branch("could change it", "", below + _more(len(data["changed_by"]))))
    elif data["result"] != "met":
        made.below.append(Branch("could change it", "nothing in this run: start another with other inputs"))
    return made


def _gate(data: Data) -> Branch:
    count = plural(len(data["decisions"]), "answer")
    made = Branch(f"gate {safe(data['id'])}", count if data["decisions"] else "was never asked")
    for gate in data["gates"]:
        needs = f", needs gates {ids_text(tuple(gate['requires']))}" if gate["requires"] else ""
        grants = f", approvals {ids_text(tuple(gate['approvals']))}" if gate["approvals"] else ""
        made.below.append(
            Branch(
                "asks",
                f"{safe(gate['action'])} of {safe(gate['on'])}, policy of pack {safe(gate['pack'])}{needs}{grants}",
            )
        )
    for item in data["decisions"][:MOST]:
        answer = _answer(item)
        made.below.append(Branch(safe(item["fact"]), answer.text, answer.below))
    made.below += _more(len(data["decisions"]))
    made.below += [_request(item) for item in data["requests"][:MOST]]
    return made


def _run(data: Data) -> Branch:
    stop = data["stop"]
    reason = data["status"] if stop is None else stop["reason"]
    made = Branch(safe(reason), f"{safe(data['truth'])}: {safe(data['title'], REASON)}")
    if stop is not None and stop.get("detail"):
        made.below.append(Branch("why", safe(stop["detail"], REASON)))
    for item in data["criteria"]:
        said = ids_text(tuple(item["evidence"])) or safe(
            ": ".join(filter(None, (item.get("cause"), item["reason"]))), REASON
        )
        made.below.append(Branch(f"criterion {safe(item['id'])}", f"{item['result']}  {said}"))
    for item in data["invariants"]:
        facts = {fact for one in item.get("violations", ()) for fact in one["facts"]}
        verdict = "not yet due" if is_early(reason, item["verdict"], item["when"]) else item["verdict"]
        made.below.append(
            Branch(f"invariant {safe(item['id'])}", f"{verdict}  {ids_text(tuple(sorted(facts)))}".rstrip())
        )
    for item in data["gates"][:MOST]:
        answer = _answer(item)
        made.below.append(Branch(f"{answer.label} of {safe(item['fact'])}", answer.text))
    made.below += [_request(item) for item in data["requests"][:MOST]]
    for item in data["refused"][:MOST]:
        why = ": ".join(filter(None, (item["code"], item["reason"])))
        made.below.append(Branch(f"{item['standing']} {safe(item['id'])}", safe(why, REASON)))
    for item in data["failures"][:MOST]:
        made.below.append(
            Branch(f"failed {safe(item['suggestor'])}", safe(f"{item['code']}: {item['detail']}", REASON))
        )
    run = safe(data["run_id"])
    made.below.append(Branch("more", f"converge explain {run} FACT|CRITERION|GATE, converge show {run}"))
    return made


def _more(count: int) -> list[Branch]:
    return [Branch("", f"and {count - MOST} more: --json")] if count > MOST else []


def plain_lines(branch: Branch, depth: int = 0) -> Iterator[str]:
    """The tree as indented lines."""
    yield "  " * depth + "  ".join(filter(None, (branch.label, branch.text)))
    for item in branch.below:
        yield from plain_lines(item, depth + 1)
