"""The event log of a replay: takes what is computed anew, and compares it with the record, byte for byte."""

from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from converge_cli._internal.hashing import GENESIS, chain_link, digest_bytes
from converge_cli.core.event import ApprovalDecided, DecisionRefused, RunEvent, RunResumed, TimerFired, encode_event
from converge_cli.core.port import RunRow
from converge_cli.engine.event_log import EventLog
from converge_cli.engine.replay_record import Record

MOST = 20
"""Differing fields that a divergence names."""

OUTSIDE = (RunResumed, ApprovalDecided, DecisionRefused, TimerFired)
"""What may follow when a run is not being driven."""

_NOTHING = "(nothing)"


class Difference(msgspec.Struct, frozen=True):
    """One field of an event: as recorded, and as computed anew; `path` is dotted, list places are numbers."""

    path: str
    recorded: Any
    recomputed: Any


class Divergence(msgspec.Struct, frozen=True):
    """The first place at which the record is not what it should be.

    Attributes:
        seq: sequence of the event.
        recorded, recomputed: the types of the event there, "(nothing)" where there is none.
        differences: the fields that differ, when both are of one type.
        detail: in a sentence.
    """

    seq: int
    recorded: str
    recomputed: str
    differences: tuple[Difference, ...] = ()
    detail: str = ""


class DivergedError(Exception):
    """Inside a replay only: carries the divergence out of the engine."""

    def __init__(self, divergence: Divergence) -> None:
        super().__init__(divergence.detail)
        self.divergence = divergence


class RecordEndsError(Exception):
    """Inside a replay only: here the recorded process stopped driving the run."""


class ReplayLog(EventLog):
    """An EventLog whose times are those of the record, and that takes nothing but what is recorded."""

    def __init__(self, record: Record) -> None:
        self._record = record
        self._link = GENESIS
        super().__init__(record.run, _Times(record, self), None, None)

    @property
    def is_kept(self) -> bool:
        """The run has a store, even if the replay writes nothing."""
        return True

    def keep(self, data: bytes) -> str:
        """The digest alone: the bytes are there."""
        return digest_bytes(data)

    def put(self, event: RunEvent) -> int:
        """Take an event that must be the next one of the record.

        Raises:
            DivergedError: it is not.
        """
        place = self.seq
        encoded = encode_event(event)
        if place >= len(self._record.data) or encoded != self._record.data[place]:
            raise DivergedError(compare(self._record.at(place), event, place + 1))
        self._link = chain_link(self._link, encoded)
        self.seq = event.seq
        return event.seq

    def commit(self, row: Callable[[str], RunRow]) -> None:  # noqa: ARG002  nothing is written
        """Where the recorded process stopped driving, the replay leaves the loop too; a stop leaves it by itself.

        Raises:
            RecordEndsError: nothing follows, or something from outside.
        """
        following = self._record.at(self.seq)
        last = self._record.events[self.seq - 1]
        if type(last).__name__ not in {"RunPaused", "RunStopped"} and (
            following is None or isinstance(following, OUTSIDE)
        ):
            raise RecordEndsError

    def head(self) -> str:
        """The hash that was reached, hex."""
        return self._link.hex()


class _Times:
    """The Clock of a replay: the time of the event that comes next."""

    def __init__(self, record: Record, log: ReplayLog) -> None:
        self._record = record
        self._log = log

    def now(self) -> str:
        """The recorded time."""
        event = self._record.at(getattr(self._log, "seq", 0)) or self._record.events[-1]
        return event.at

    def monotonic(self) -> float:
        """Only differences mean something, and here nothing takes time."""
        return 0.0


def compare(recorded: RunEvent | None, recomputed: RunEvent | None, seq: int) -> Divergence:
    """How two events differ that should be equal."""
    names = [_NOTHING if event is None else type(event).__name__ for event in (recorded, recomputed)]
    if recorded is None or recomputed is None or names[0] != names[1]:
        detail = f"{names[0]} is recorded, {names[1]} comes out{_about(recomputed)}"
        return Divergence(seq, names[0], names[1], detail=detail)
    ours = [msgspec.json.decode(encode_event(event)) for event in (recorded, recomputed)]
    found = tuple(item for item, _ in zip(_differences("", *ours), range(MOST), strict=False))
    detail = f"{names[0]}: {', '.join(item.path for item in found)} differ{'s' if len(found) == 1 else ''}"
    return Divergence(seq, names[0], names[1], found, detail)


def _about(event: RunEvent | None) -> str:
    about = next((getattr(event, name) for name in ("suggestor", "id", "fact") if hasattr(event, name)), None)
    return "" if about is None else f" for {about}"


def _differences(path: str, recorded: Any, recomputed: Any) -> Iterator[Difference]:
    if isinstance(recorded, dict) and isinstance(recomputed, dict):
        for name in sorted(recorded.keys() | recomputed.keys()):
            inner = f"{path}.{name}" if path else str(name)
            yield from _differences(inner, recorded.get(name), recomputed.get(name))
    elif isinstance(recorded, list) and isinstance(recomputed, list) and len(recorded) == len(recomputed):
        for number, (one, other) in enumerate(zip(recorded, recomputed, strict=True)):
            yield from _differences(f"{path}.{number}", one, other)
    elif recorded != recomputed:
        yield Difference(path, recorded, recomputed)
