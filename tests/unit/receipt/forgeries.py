"""What a forger does to the events of a receipt who then gets every hash and section right."""

import json
from collections.abc import Callable
from typing import Any

from converge_cli import converge_verify
from converge_cli._internal.canonical_json import encode
from converge_cli._internal.hashing import digest, digest_bytes


def of_type(events: list[Any], kind: str) -> list[Any]:
    """The events of a type."""
    return [event for event in events if event["type"] == kind]


def renumber(events: list[Any]) -> None:
    """Sequences without a gap."""
    for number, event in enumerate(events, start=1):
        event["seq"] = number


def insert(events: list[Any], place: int, event: Any) -> None:
    """One more event; what names a later one by its sequence still does."""
    for other in events:
        for name in ("execution", "gate"):
            if isinstance(other.get(name), int) and other[name] > place:
                other[name] += 1
    events.insert(place, event)
    renumber(events)


def leave_keys_away(events: list[Any], bytes_of: dict[str, bytes]) -> None:
    """Nobody has a key, so that a decision needs no signature."""
    people = [{"id": person["id"]} for person in json.loads(bytes_of[events[0]["people"]])]
    text = json.dumps(people).encode()
    events[0]["people"] = converge_verify.sha256(text).hex()
    bytes_of[events[0]["people"]] = text
    for event in of_type(events, "ApprovalDecided"):
        event["approval"].pop("signature", None)


def settle(events: list[Any], contents: list[bytes]) -> None:
    """Outcome digests that fit the facts again."""
    facts, verdicts = [], {"CriterionEvaluated": {}, "InvariantChecked": {}}
    given = iter(contents)
    for event in events:
        if event["type"] == "FactPromoted":
            corrects = event.get("corrects", "").encode()
            facts.append(b"\0".join((event["key"].encode(), event["id"].encode(), next(given), corrects)))
        elif event["type"] in verdicts:
            verdicts[event["type"]][event["result"]["id"]] = event["result"]
        elif event["type"] in {"RunPaused", "RunStopped"}:
            met = [[x["id"], x["result"], x.get("evidence", [])] for x in verdicts["CriterionEvaluated"].values()]
            held = sorted([x["id"], x["verdict"]] for x in verdicts["InvariantChecked"].values())
            said = encode({"reason": event["stop"]["reason"], "criteria": met, "invariants": held})
            event["outcome"] = digest_bytes(b"\n".join((said, *sorted(facts), b"")))


def first(events: list[Any], kind: str) -> Any:
    return next(event for event in events if event["type"] == kind)


def drop_decision(events: list[Any], *_: Any) -> None:
    """Nobody approved, and nothing else is missed."""
    place = events.index(first(events, "ApprovalDecided"))
    events[place] = {"type": "BudgetCharged", "seq": place + 1, "at": events[place]["at"], "suggestor": "x"}


def unsign_decision(events: list[Any], *_: Any) -> None:
    """Somebody else decided in Mona's name."""
    del first(events, "ApprovalDecided")["approval"]["signature"]


def change_reason(events: list[Any], *_: Any) -> None:
    """Mona gave another reason."""
    first(events, "ApprovalDecided")["approval"]["reason"] = "as you like"


def change_content(events: list[Any], contents: list[bytes], _bytes_of: Any) -> None:
    """A vendor offered another price."""
    contents[0] = contents[0].replace(b"15000.00", b"15.00")


def swap_policy(events: list[Any], _contents: Any, bytes_of: Any) -> None:
    """The rules were others."""
    pack = events[0]["packs"][0]
    text = bytes_of[pack["policy"]].replace(b"permit", b"forbid", 1)
    pack["policy"] = converge_verify.sha256(text).hex()
    bytes_of[pack["policy"]] = text


def swap_people(events: list[Any], _contents: Any, bytes_of: Any) -> None:
    """Mona was not among the people."""
    text = bytes_of[events[0]["people"]].replace(b'"mona"', b'"nina"')
    events[0]["people"] = converge_verify.sha256(text).hex()
    bytes_of[events[0]["people"]] = text


def spend_twice(events: list[Any], *_: Any) -> None:
    """One approval for two facts."""
    spent = first(events, "ApprovalSpent")
    spent["requests"] = spent["requests"] * 2
    events[spent["seq"] - 2]["approvals"] = spent["requests"]


def approve_another(events: list[Any], *_: Any) -> None:
    """What was approved is not what was asked."""
    first(events, "ApprovalRequested")["request"]["content"]["price"] = "1.00"


def skip_gate(events: list[Any], *_: Any) -> None:
    """The gate let another fact in."""
    promote = next(
        event for event in events if event["type"] == "GateDecided" and event["decision"]["outcome"] == "PROMOTE"
    )
    promote["decision"]["outcome"] = "ESCALATE"


def another_verdict(events: list[Any], *_: Any) -> None:
    """A criterion came to something else than the outcome was made of."""
    last = [event for event in events if event["type"] == "CriterionEvaluated"][-1]
    last["result"]["result"] = "unmet"


def lose_evidence(events: list[Any], *_: Any) -> None:
    """A fact rests on one that is not there."""
    made = next(
        event for event in events if event["type"] == "SuggestorExecuted" and event["proposals"][0].get("evidence")
    )
    made["proposals"][0]["evidence"] = ["vendor:nobody"]


def skip_sequence(events: list[Any], *_: Any) -> None:
    """An event in the middle was cut out, and the rest not renumbered."""
    events[20]["seq"] += 1


def another_proposal(events: list[Any], contents: list[bytes], _bytes_of: Any) -> None:
    """A fact that nothing rests on has another name than its proposal."""
    promoted = next(event for event in of_type(events, "FactPromoted") if event["id"].startswith("sensitivity:"))
    promoted["id"] = "sensitivity:another"
    settle(events, contents)


def correct_nothing(events: list[Any], contents: list[bytes], _bytes_of: Any) -> None:
    """A fact corrects one that never was."""
    last = [event for event in events if event["type"] == "FactPromoted" and "execution" in event][-1]
    proposal = events[last["execution"] - 1]["proposals"][last.get("position", 0)]
    last["corrects"] = proposal["corrects"] = "vendor:nobody"
    settle(events, contents)


def promote_twice(events: list[Any], contents: list[bytes], _bytes_of: Any) -> None:
    """One fact becomes a fact again, and the last word on it is another's."""
    number, again = next((n, e) for n, e in enumerate(of_type(events, "FactPromoted")) if "execution" in e)
    contents.append(contents[number])
    events.insert(len(events) - 1, dict(again))
    renumber(events)


def start_again(events: list[Any], *_: Any) -> None:
    """A run begins within a run."""
    place = events.index(of_type(events, "CycleStarted")[1])
    events[place] = dict(events[0], seq=place + 1)


def another_schema(events: list[Any], *_: Any) -> None:
    """Events whose words mean something else."""
    events[0]["schema"] = "converge.event/2"


def another_engine_fact(events: list[Any], *_: Any) -> None:
    """What the engine wrote is not what the fact says."""
    wrote = next(event for event in of_type(events, "FactPromoted") if "content" in event)
    wrote["content"]["by"] = ["eve"]


def keep_the_approval(events: list[Any], *_: Any) -> None:
    """A fact came in on an approval that is not used up."""
    spent = first(events, "ApprovalSpent")
    events[spent["seq"] - 1] = {"type": "BudgetCharged", "seq": spent["seq"], "at": spent["at"], "suggestor": "x"}


def spend_on_nothing(events: list[Any], *_: Any) -> None:
    """An approval is used up by a fact that does not name it."""
    del events[first(events, "ApprovalSpent")["seq"] - 2]["approvals"]


def decide_on_something_else(events: list[Any], _contents: Any, bytes_of: Any) -> None:
    """A yes to another proposal counts for this one; by a Mona without a key."""
    leave_keys_away(events, bytes_of)
    first(events, "ApprovalDecided")["approval"]["digest"] = "00" * 32


def approve_something_else(events: list[Any], _contents: Any, bytes_of: Any) -> None:
    """All that was asked and answered was about a cheaper offer; by a Mona without a key."""
    leave_keys_away(events, bytes_of)
    asked = first(events, "ApprovalRequested")["request"]
    asked["content"]["price"] = "1.00"
    names = {"point": asked["point"], "key": asked["key"], "id": asked["fact"], "kind": asked["kind"]}
    right = digest({**names, "content": asked["content"], "evidence": asked["evidence"]})
    text = json.dumps(events).replace(asked["id"], f"{events[0]['run']}.{asked['point']}.{right[:12]}")
    events[:] = json.loads(text.replace(asked["digest"], right))
    for event in of_type(events, "FactPromoted"):
        if event["id"].startswith("approval:"):
            event["content"]["digest"] = asked["digest"]


def add_to_decision(events: list[Any], *_: Any) -> None:
    """Mona is made to say more than she signed, in a member that no version reads."""
    first(events, "ApprovalDecided")["approval"]["limit"] = "1000000.00"


def name_another_request(events: list[Any], _contents: Any, bytes_of: Any) -> None:
    """A request, with its approval, of another run; by a Mona without a key."""
    leave_keys_away(events, bytes_of)
    events[1:] = json.loads(json.dumps(events[1:]).replace(f'"{events[0]["run"]}.', '"another.'))


def ask_again_and_spend_twice(events: list[Any], *_: Any) -> None:
    """A request that is asked a second time does not become new by it."""
    asked, decided, spent = (first(events, kind) for kind in ("ApprovalRequested", "ApprovalDecided", "ApprovalSpent"))
    place = events.index(spent) + 1
    events[place:place] = [dict(asked), dict(decided), dict(spent)]
    renumber(events)


def need_two(events: list[Any], *_: Any) -> None:
    """Two people had to say yes, and one did."""
    first(events, "ApprovalRequested")["request"]["quorum"] = 2


def say_yes_twice(events: list[Any], *_: Any) -> None:
    """Two people had to say yes, and one did so twice."""
    need_two(events)
    decided = first(events, "ApprovalDecided")
    insert(events, events.index(decided), dict(decided))


def say_no_too(events: list[Any], _contents: Any, bytes_of: Any) -> None:
    """Somebody had said no; by people without keys."""
    leave_keys_away(events, bytes_of)
    decided = first(events, "ApprovalDecided")
    no = dict(decided["approval"], decision="rejected", by="petra")
    insert(events, events.index(decided), dict(decided, approval=no))


def have_no_key(events: list[Any], _contents: Any, bytes_of: Any) -> None:
    """Of two persons with one id, the one without a key decides."""
    text = bytes_of[events[0]["people"]]
    person = b'{"id":"mona"},'
    swapped = text.replace(b"[", b"[" + person, 1)
    events[0]["people"] = converge_verify.sha256(swapped).hex()
    bytes_of[events[0]["people"]] = swapped
    del first(events, "ApprovalDecided")["approval"]["signature"]


def point_backwards_at_a_gate(events: list[Any], *_: Any) -> None:
    """A gate is named by its sequence, not counted from the end."""
    promoted = next(event for event in events if event.get("gate") and event["type"] == "FactPromoted")
    promoted["gate"] -= promoted["seq"]


FORGERIES: list[Callable[..., None]] = [
    drop_decision, unsign_decision, add_to_decision, have_no_key, change_reason, decide_on_something_else,
    need_two, say_yes_twice, say_no_too,
    approve_something_else, approve_another, name_another_request, ask_again_and_spend_twice, spend_twice,
    keep_the_approval, spend_on_nothing, change_content, another_proposal, another_engine_fact, correct_nothing,
    promote_twice, lose_evidence, skip_gate, point_backwards_at_a_gate, another_verdict, swap_policy, swap_people,
    skip_sequence, start_again, another_schema,
]  # fmt: skip
