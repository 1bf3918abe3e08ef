"""What the record says of many runs: how they ended, how long people took, what was refused, which invariants fired."""

import statistics
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from converge_cli.app.record.recorded_run import events_of, runs_of
from converge_cli.app.services import Services
from converge_cli.core import event as e
from converge_cli.core.errors import ConvergeError
from converge_cli.core.port import RunFilter, RunRow
from converge_cli.trace.when import seconds_between


@dataclass(slots=True)
class PointStats:
    """How the requests of one approval point went.

    Attributes:
        seconds: of each decision, from the question to it.
        timed_out: whose time was up; they were rejected or handed on.
    """

    asked: int = 0
    approved: int = 0
    rejected: int = 0
    timed_out: int = 0
    refused: int = 0
    seconds: list[float] = field(default_factory=list)

    @property
    def median(self) -> float | None:
        """Seconds that half of the decisions took at most; None without any."""
        return statistics.median(self.seconds) if self.seconds else None

    @property
    def slowest(self) -> float | None:
        """Seconds of the slowest decision; None without any."""
        return max(self.seconds, default=None)


@dataclass(slots=True)
class TruthStats:
    """How the runs of one truth went.

    Attributes:
        reasons: stop reason -> runs that came to it last; `running` for those without any.
        invariants: id -> runs in which it was violated at least once.
        unexercised: id -> runs in which it selected nothing at its last judgement.
        rejections: code -> proposals that the promotion gate rejected.
        failures: suggestor -> executions that failed.
    """

    runs: int = 0
    cycles: int = 0
    facts: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    invariants: Counter[str] = field(default_factory=Counter)
    unexercised: Counter[str] = field(default_factory=Counter)
    rejections: Counter[str] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)
    points: dict[str, PointStats] = field(default_factory=dict)


def stats(services: Services, wanted: RunFilter) -> tuple[dict[str, TruthStats], tuple[ConvergeError, ...]]:
    """By truth, sorted by key; and what can't be read of the others, which count in nothing."""
    found: dict[str, TruthStats] = {}
    unreadable: list[ConvergeError] = []
    for row in runs_of(services, wanted, unreadable):
        try:
            events = list(events_of(services, row.run))
        except ConvergeError as error:
            unreadable.append(error)
            continue
        _add(found.setdefault(row.truth, TruthStats()), row, events)
    return dict(sorted(found.items())), tuple(unreadable)


def _add(to: TruthStats, row: RunRow, events: Iterable[e.RunEvent]) -> None:
    to.runs += 1
    to.cycles += row.cycles
    to.facts += row.facts
    to.reasons[row.reason or row.status] += 1
    violated: set[str] = set()
    last: dict[str, str] = {}
    asked: dict[str, tuple[PointStats, str]] = {}
    for event in events:
        if isinstance(event, e.InvariantChecked):
            last[event.result.id] = event.result.verdict
            if event.result.verdict == "violated":
                violated.add(event.result.id)
        elif isinstance(event, e.ProposalRejected):
            to.rejections[event.code] += 1
        elif isinstance(event, e.SuggestorFailed):
            to.failures[event.suggestor] += 1
        else:
            _decisions(to, asked, event)
    to.invariants.update(violated)
    to.unexercised.update(name for name, verdict in last.items() if verdict == "not exercised")


def _decisions(to: TruthStats, asked: dict[str, tuple[PointStats, str]], event: e.RunEvent) -> None:
    if isinstance(event, e.ApprovalRequested):
        point = to.points.setdefault(event.request.point, PointStats())
        point.asked += 1
        asked[event.request.id] = point, event.at
    elif isinstance(event, e.ApprovalDecided):
        point, since = asked[event.approval.request]
        point.seconds.append(seconds_between(since, event.at))
        if event.approval.decision == "approved":
            point.approved += 1
        else:
            point.rejected += 1
    elif isinstance(event, e.DecisionRefused):
        if event.approval.request in asked:
            asked[event.approval.request][0].refused += 1
    elif isinstance(event, e.TimerFired):
        asked[event.request][0].timed_out += 1
