"""Replay: the same events come out of the record alone, or the first that does not is named with both values."""

import asyncio
import builtins
import socket
import time
from collections.abc import Callable, Iterable
from typing import Any

import msgspec
import pytest
from engine_kit import BOSS, ESCALATE, GATE, KINDS, Bench, Script, at_least, job, no_policy, note, says

from converge_cli import Budget, Engine, FactModel, ProposedFact, RunResult
from converge_cli.core.approval import ApprovalPoint, HitlRule
from converge_cli.core.criterion import Criterion
from converge_cli.core.errors import InvalidJobError, RecordCorruptError
from converge_cli.core.event import RunResumed, RunStarted, decode_event, encode_event
from converge_cli.core.predicate import Selection
from converge_cli.core.registry import RegisteredSuggestor
from converge_cli.engine.replay import Replayed, replay
from converge_cli.engine.replay_answers import DecliningSuggestor, RecordedSuggestor
from converge_cli.engine.replay_setting import NotReplayableError
from converge_cli.store.memory import MemoryExperience
from converge_cli.testing import FixedGate, ManualClock, SequenceIds

PLAN = note("Strategies", "note:plan", confidence="0.4")
DONE = Criterion("planned", "A plan", (at_least("Strategies"),), blocked_by=("boss",))
PARKS = job(approval_points=(BOSS,), hitl=(HitlRule("boss", kind="note", key="Strategies"),), criteria=(DONE,))


def approved() -> Bench:
    """A run that paused, was approved and went on."""
    bench = Bench(lambda: [says("planner", PLAN), says("seer", note("Signals", "note:sign"))], PARKS)
    bench.run()
    bench.decide("approved")
    bench.resume()
    return bench


def again(bench: Bench, data: Iterable[bytes] | None = None, run: str = "r00000001") -> Replayed:
    """Replay what a bench recorded, or other bytes in its place."""
    return replay(run, tuple(bench.store.read(run) if data is None else data), bench.store.get_blob, no_policy)


def altered(data: bytes, change: Callable[[dict[str, Any]], None]) -> bytes:
    """An event with something else in it, still canonical."""
    plain = msgspec.json.decode(data)
    change(plain)
    return encode_event(decode_event(msgspec.json.encode(plain, order="sorted")))


def test_a_run_that_paused_for_a_person_comes_out_again():
    """Same count, same hash, same outcome; nothing but the record was asked."""
    bench = approved()
    row, done = bench.store.row("r00000001"), again(bench)
    assert (row.seq, row.head, None, False) == (done.events, done.head, done.divergence, done.recorded_gates)
    assert bench.engine().recorded("r00000001").outcome_digest == done.outcome


def test_neither_network_nor_clock_nor_suggestor_is_touched(monkeypatch: pytest.MonkeyPatch):
    """All three raise when they are; the replay does not notice."""
    bench = approved()
    data, head = tuple(bench.store.read("r00000001")), bench.store.row("r00000001").head

    def forbidden(*_: Any, **__: Any) -> Any:
        raise AssertionError("touched the outside world")

    monkeypatch.setattr(socket, "socket", forbidden)
    monkeypatch.setattr(socket, "socketpair", forbidden)
    monkeypatch.setattr(builtins, "open", forbidden)
    for name in ("time", "monotonic", "perf_counter", "time_ns", "monotonic_ns"):
        monkeypatch.setattr(time, name, forbidden)
    monkeypatch.setattr(Script, "execute", forbidden)
    monkeypatch.setattr(Script, "accepts", forbidden)
    done = replay("r00000001", data, bench.store.get_blob, no_policy)
    monkeypatch.undo()
    assert (None, head) == (done.divergence, done.head)


ALTERED: dict[str, tuple[str, Callable[[dict[str, Any]], None], str]] = {
    "another cycle": ("FactPromoted", lambda event: event.update(cycle=9), "cycle"),
    "another fact": ("FactPromoted", lambda event: event.update(id="note:other"), "id"),
    "an approval that was not": ("FactPromoted", lambda event: event.update(approvals=["r.boss.0"]), "approvals"),
    "another digest": ("ApprovalRequested", lambda event: event["request"].update(digest="0" * 64), "request.digest"),
    "another verdict": ("CriterionEvaluated", lambda event: event["result"].update(result="met"), "result.result"),
    "another decider": ("ApprovalDecided", lambda event: event["approval"].update(role="clerk"), "approval.role"),
    "another outcome": ("RunStopped", lambda event: event.update(outcome="0" * 64), "outcome"),
    "another reason": ("RunStopped", lambda event: event["stop"].update(reason="Converged"), "stop.reason"),
    "more budget": ("RunStarted", lambda event: event["budget"].update(facts=7), "budget.facts"),
}


@pytest.mark.parametrize("which", ALTERED)
def test_an_altered_event_is_named_with_both_values(which: str):
    """Even where every hash after it was made anew: what the rules give is not what stands there."""
    kind, change, path = ALTERED[which]
    bench = approved()
    data = list(bench.store.read("r00000001"))
    place = next(number for number, item in enumerate(data) if type(decode_event(item)).__name__ == kind)
    data[place] = altered(data[place], change)
    divergence = again(bench, data).divergence
    assert divergence is not None
    assert place + 1 == divergence.seq
    assert path in {item.path for item in divergence.differences}
    assert all(item.recorded != item.recomputed for item in divergence.differences)


def test_a_decision_that_did_not_count_and_one_by_nobody_are_found():
    """A person without the role, and one who is not among the people at all."""
    for name in ("cat", "zoe"):
        bench = approved()
        data = list(bench.store.read("r00000001"))
        place = next(number for number, item in enumerate(data) if b'"type":"ApprovalDecided"' in item)
        data[place] = altered(data[place], lambda event, name=name: event["approval"].update(by=name))
        divergence = again(bench, data).divergence
        assert divergence is not None
        assert (place + 1, "ApprovalDecided") == (divergence.seq, divergence.recorded)


def test_an_event_that_is_dropped_repeated_or_moved_is_found():
    """Sequences are mended as a forger would; at every place of the record."""
    bench = approved()
    data = list(bench.store.read("r00000001"))

    def numbered(items: list[bytes]) -> list[bytes]:
        return [altered(item, lambda event, seq=seq: event.update(seq=seq)) for seq, item in enumerate(items, 1)]

    for place in range(1, len(data) - 1):
        forged = {
            "dropped": numbered(data[:place] + data[place + 1 :]),
            "repeated": numbered([*data[:place], data[place], *data[place:]]),
            "moved": numbered([*data[:place], data[place + 1], data[place], *data[place + 2 :]]),
        }
        for how, items in forged.items():
            done = again(bench, items)
            assert done.divergence is not None or items == data, f"{how} at {place + 1}"


def test_a_run_that_goes_on_after_its_end_is_found():
    """Whoever adds a resume to a run that ended for good, with whatever came of it, is told at that event."""
    bench = approved()
    data = list(bench.store.read("r00000001"))
    resumed = next(item for item in data if isinstance(decode_event(item), RunResumed))
    data.append(altered(resumed, lambda event: event.update(seq=len(data) + 1, at=decode_event(data[-1]).at)))
    divergence = again(bench, data).divergence
    assert divergence is not None
    assert (len(data), "RunResumed", "the run had ended for good, and it goes on") == (
        divergence.seq,
        divergence.recorded,
        divergence.detail,
    )


def test_a_record_out_of_order_is_refused():
    """Gaps and a missing beginning are told with their place before anything is computed."""
    bench = approved()
    data = list(bench.store.read("r00000001"))
    for items in ([], data[1:], data[:3] + data[4:], [*data, data[-1]]):
        with pytest.raises(RecordCorruptError):
            again(bench, items)


def test_a_record_that_breaks_off_comes_out_as_far_as_it_goes():
    """A process that died at any commit left a prefix; whatever is there is right."""
    bench = Bench(
        lambda: [says("a", note("Signals", "note:a")), says("b", note("Signals", "note:b"), reads=("Signals",))]
    )
    bench.run()
    data = list(bench.store.read("r00000001"))
    starts = [number for number, item in enumerate(data) if b'"type":"CycleStarted"' in item]
    for end in starts:
        done = again(bench, data[:end])
        assert (end, None) == (done.events, done.divergence)


class Strict(FactModel, frozen=True):
    """Checks by code of its own, which no record can hold."""

    number: int

    def __post_init__(self) -> None:
        if self.number < 0:
            raise ValueError("negative")


def test_what_a_models_own_code_refused_is_taken_from_the_record():
    """Its code does not run in a replay; what it said then stands there, and what it let in comes in."""
    good, bad = (
        ProposedFact("Signals", f"strict:{name}", {"number": number}) for name, number in (("a", 1), ("b", -1))
    )
    bench = Bench(lambda: [says("s", good, bad)], kinds={"strict": Strict})
    result = bench.run()
    assert ["PAYLOAD_INVALID"] == [item.code for item in result.rejections]
    assert None is again(bench).divergence


def test_gates_of_an_embedding_program_are_said_to_be_taken_from_the_record():
    """There is no policy to ask; the answers of then are told apart from answers computed anew."""
    gated = job(gates=(GATE,), approval_points=(ApprovalPoint("boss", "chief", Selection("Strategies")),))
    bench = Bench(lambda: [says("s", note("Strategies", "note:a"))], gated, gate=FixedGate(ESCALATE), principal="ben")
    bench.run()
    done = again(bench)
    assert (None, True) == (done.divergence, done.recorded_gates)


def test_a_record_without_types_is_not_guessed_at():
    """Records of a version that kept no registry are refused with a code of its own."""
    bench = approved()
    data = list(bench.store.read("r00000001"))
    first = decode_event(data[0])
    assert isinstance(first, RunStarted)
    data[0] = encode_event(msgspec.structs.replace(first, registry=""))
    with pytest.raises(NotReplayableError):
        again(bench, data)


def test_a_thousand_cycles_are_replayed_within_a_second():
    """A chain of suggestors, a fact each."""
    chain = [
        says(
            f"s{number}",
            note("Signals", f"note:{number}"),
            reads=(f"Signals:note:{number - 1}",) if number else (),
            writes=(f"Signals:note:{number}",),
        )
        for number in range(1_000)
    ]
    store = MemoryExperience()
    engine = Engine(
        chain,
        kinds=KINDS,
        job=job(budget=Budget(cycles=2_000)),
        experience=store,
        clock=ManualClock(),
        ids=SequenceIds(),
    )
    result: RunResult = asyncio.run(engine.run())
    data = tuple(store.read(result.run_id))
    began = time.perf_counter()
    done = replay(result.run_id, data, store.get_blob, no_policy)
    took = time.perf_counter() - began
    assert (1_001, None, store.row(result.run_id).head) == (result.cycles, done.divergence, done.head)
    assert took < 1


def test_a_suggestor_of_a_record_says_that_it_has_no_code():
    """Whoever takes one out of a replay and runs it gets no answer that looks like one."""
    view: Any = None
    for declines, call in ((False, "execute"), (True, "execute"), (True, "accepts")):
        kind = DecliningSuggestor if declines else RecordedSuggestor
        with pytest.raises(InvalidJobError, match="suggestor planner stands in a record"):
            getattr(kind(RegisteredSuggestor("", "planner", (), ("Signals",), 5.0, declines)), call)(view)
