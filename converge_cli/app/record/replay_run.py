"""Replays a recorded run and compares it with its record. Reads the store and nothing else of the outside world."""

from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from converge_cli.app.record.recorded_run import find_row
from converge_cli.app.services import Services
from converge_cli.core.errors import ConvergeError
from converge_cli.core.event import RunResumed
from converge_cli.core.port import RunRow
from converge_cli.core.recorded import PackRecord
from converge_cli.engine.replay import Replayed, replay
from converge_cli.engine.replay_log import Divergence
from converge_cli.engine.replay_record import Record
from converge_cli.truth.catalog import find_truth

Standing = Literal["same", "changed", "not here"]


@dataclass(frozen=True, slots=True)
class UsedPack:
    """A pack that the run was made with, and how what is here now compares with it."""

    record: PackRecord
    now: Standing


@dataclass(frozen=True, slots=True)
class ReplayAnswer:
    """A run that came out as it is recorded."""

    row: RunRow
    replayed: Replayed
    packs: tuple[UsedPack, ...]


class ReplayDivergedError(ConvergeError):
    """A run does not come out as it is recorded.

    Attributes:
        divergence: the first place, with both values.
    """

    code = "REPLAY_DIVERGED"

    def __init__(self, run: str, divergence: Divergence, packs: tuple[UsedPack, ...] = ()) -> None:
        said = [f"event {divergence.seq} of run {run} does not come out as it is recorded: {divergence.detail}"]
        said += [
            f"    {item.path}  recorded {_short(item.recorded)}, recomputed {_short(item.recomputed)}"
            for item in divergence.differences
        ]
        super().__init__(
            "\n".join(said),
            hint="the record was changed, or this version of Converge judges otherwise: converge version",
            where=f"{run}:{divergence.seq}",
        )
        self.divergence = divergence
        self.packs = packs


def replay_run(services: Services, run: str) -> ReplayAnswer:
    """Compute a run anew from its record, with its own job, policy, people and kinds, wherever its project is now.

    Raises:
        ReplayDivergedError: an event comes out otherwise, or the index says something else of the run.
        RecordCorruptError: the record does not hash to its head, or can't be read.
        NotReplayableError: it was written by a version that kept too little.
    """
    row = find_row(services, run)
    data = tuple(services.experience.read(row.run))
    replayed = replay(row.run, data, services.experience.get_blob, services.gate)
    packs = _packs(services, row, Record(row.run, data))
    if replayed.divergence is not None:
        raise ReplayDivergedError(row.run, replayed.divergence, packs)
    if replayed.head != row.head:
        detail = "the hash over the events is not the recorded head"
        raise ReplayDivergedError(row.run, Divergence(row.seq, row.head, replayed.head, detail=detail), packs)
    return ReplayAnswer(row, replayed, packs)


def _packs(services: Services, row: RunRow, record: Record) -> tuple[UsedPack, ...]:
    """The packs that the run used last. None of their code runs; their files are hashed."""
    used = record.started.packs
    for event in record.events:
        if isinstance(event, RunResumed) and event.packs:
            used = event.packs
    return tuple(UsedPack(pack, _now(services, row, pack)) for pack in used)


def _now(services: Services, row: RunRow, pack: PackRecord) -> Standing:
    for name in (row.location, row.truth):
        try:
            project = find_truth(name, services.folder, services.shipped).project
            digest = services.packs(project).digest(pack.name)
        except ConvergeError:
            continue
        if digest is not None:
            return "same" if digest == pack.digest else "changed"
    return "not here"


def _short(value: Any) -> str:
    text = msgspec.json.encode(value).decode()
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


_SHOWN = 200
