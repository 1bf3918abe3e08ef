"""What a forger does to the events of a receipt who then gets every hash and section right."""

import json
from collections.abc import Callable
from typing import Any

from converge_cli import converge_verify


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


def another_proposal(events: list[Any], *_: Any) -> None:
    """A fact names a proposal that is another's."""
    promoted = [event for event in events if event["type"] == "FactPromoted" and "execution" in event]
    promoted[1]["id"] = "vendor:somebody"


def add_to_decision(events: list[Any], *_: Any) -> None:
    """Mona is made to say more than she signed, in a member that no version reads."""
    first(events, "ApprovalDecided")["approval"]["limit"] = "1000000.00"


def name_another_request(events: list[Any], _contents: Any, bytes_of: Any) -> None:
    """A request, with its approval, of another run; by a Mona without a key."""
    people = json.loads(bytes_of[events[0]["people"]])
    text = json.dumps([{"id": person["id"]} for person in people]).encode()
    events[0]["people"] = converge_verify.sha256(text).hex()
    bytes_of[events[0]["people"]] = text
    del first(events, "ApprovalDecided")["approval"]["signature"]
    events[1:] = json.loads(json.dumps(events[1:]).replace(f'"{events[0]["run"]}.', '"another.'))


def ask_again_and_spend_twice(events: list[Any], *_: Any) -> None:
    """A request that is asked a second time does not become new by it."""
    asked, decided, spent = (first(events, kind) for kind in ("ApprovalRequested", "ApprovalDecided", "ApprovalSpent"))
    place = events.index(spent) + 1
    events[place:place] = [dict(asked), dict(decided), dict(spent)]
    for number, event in enumerate(events, start=1):
        event["seq"] = number


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
    add_to_decision, name_another_request, ask_again_and_spend_twice, have_no_key, point_backwards_at_a_gate,
    drop_decision, unsign_decision, change_reason, change_content, swap_policy, swap_people, spend_twice,
    approve_another, skip_gate, another_verdict, lose_evidence, skip_sequence, another_proposal,
]  # fmt: skip
