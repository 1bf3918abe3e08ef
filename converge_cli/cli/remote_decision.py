"""`approve` and `reject` at a server: by the same rules, with the person of the key; whoever has a key signs here."""

from typing import Any

import msgspec

from converge_cli.app.decide_approval import DecisionAnswer
from converge_cli.app.record.recorded_run import events_of, find_row
from converge_cli.cli.desk import RemoteDesk, decisions_in
from converge_cli.cli.place import Place
from converge_cli.cli.remote_job import people_of
from converge_cli.core.approval import ApprovalRequest, Decision, deciders
from converge_cli.core.ids import subject_of
from converge_cli.trace.fold import fold_all


def decide_remotely(
    place: Place, run: str, target: str, who: str, said: tuple[Decision, str], *, everything: bool
) -> tuple[DecisionAnswer, dict[str, Any]]:
    """Record a decision; returns what became of it, also as data.

    Raises:
        ConvergeError: nothing of that name was asked, several were, or who calls may not decide as that person.
    """
    assert place.client is not None  # noqa: S101  chosen by the command
    row = find_row(place.services, run)
    people = people_of(place.services, row.run) if row.seq else ()
    desk = RemoteDesk(place.services, place.client, people)
    person = next((item for item in people if item.id == who), None)
    signed = []
    if person is not None and person.public_key is not None:
        asked = _meant(place, row.run, target, everything=everything)
        # Of several requests of one proposal a person answers those that are theirs.
        signed = [item for item in asked if who in deciders(item, people)] or asked[:1]
    if signed:
        data = _together([desk.send(row.run, item, who, *said) for item in signed])
    else:
        data = place.client.decide(row.run, target, *said, by=who, everything=everything)
    now = msgspec.structs.replace(row, pending=data["pending"])
    return DecisionAnswer(now, tuple(decisions_in(data)), tuple(data.get("people_changed", ()))), data


def _meant(place: Place, run: str, target: str, *, everything: bool) -> list[ApprovalRequest]:
    """The pending requests that are meant; none where the server is to say why."""
    pending = fold_all(events_of(place.services, run)).pending.values()
    point, _, fact = target.partition(":")
    of_fact = [
        item
        for item in pending
        if target in {item.id, item.fact, subject_of(item.fact)}
        or (item.point == point and fact in {item.fact, subject_of(item.fact)})
    ]
    of_point = [item for item in pending if item.point == target]
    return of_fact or (of_point if everything or len(of_point) == 1 else [])


def _together(answers: list[dict[str, Any]]) -> dict[str, Any]:
    """Several answers as one: the last says what is left."""
    every = {name: [item for answer in answers for item in answer[name]] for name in ("decisions", "refusals")}
    return {**answers[-1], **every}
