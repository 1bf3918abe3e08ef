"""Finds recorded events across runs: by truth, time, kind, fact, person, outcome. Reads events as they were verified.

Needs no truth and no pack, so what was recorded anywhere can be asked anywhere.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar, get_args

from converge_cli.app.record.recorded_run import events_of, find_row, runs_of
from converge_cli.app.services import Services
from converge_cli.core import event as e
from converge_cli.core.context_key import KEYS
from converge_cli.core.errors import ConvergeError, did_you_mean
from converge_cli.core.ids import kind_of, subject_of
from converge_cli.core.port import RunFilter, RunRow
from converge_cli.core.selector import Selector, is_glob
from converge_cli.core.stop_reason import StopReason

_T = TypeVar("_T")
EVENT_NAMES = tuple(kind.__name__ for kind in get_args(e.RunEvent))


class InvalidQueryError(ConvergeError):
    """A query names what no record can hold."""

    code = "QUERY_INVALID"


@dataclass(frozen=True, slots=True)
class Query:
    """Which events are meant: those for which everything that is given holds.

    Attributes:
        truth: key of the run's truth.
        outcome: the stop reason that the run came to last.
        since, until: UTC times as recorded; at or after the first, before the second.
        event: the name of an event, such as ApprovalDecided.
        kind: kind of the fact that the event is about.
        fact: `Key:id`, `Key:glob`, or an id or glob of any key; it sees through versions.
        person: id of the person who decided, or for whom the run or the gate was asked.
        after: `RUN:SEQUENCE`, the last event of the page before.
    """

    truth: str | None = None
    outcome: str | None = None
    since: str | None = None
    until: str | None = None
    event: str | None = None
    kind: str | None = None
    fact: str | None = None
    person: str | None = None
    after: str | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """An event with the run that it belongs to."""

    row: RunRow
    event: e.RunEvent

    @property
    def place(self) -> str:
        """What `after` takes to go on behind it."""
        return f"{self.row.run}:{self.event.seq}"


def query_events(services: Services, query: Query, unreadable: list[ConvergeError]) -> Iterator[Found]:
    """Events that a query means: the newest run first, within a run in the order of the record.

    Args:
        services: the store.
        query: what is meant.
        unreadable: gets the error of every run that can't be read, or not from some event on; the others are given.

    Raises:
        InvalidQueryError: it names an event, a fact, an outcome or a place that cannot be.
        RunNotFoundError: the place to go on from is in no run.
    """
    matches = _matcher(query)
    for row, after in _runs(services, query, unreadable):
        subjects = _Subjects(services, row.run, complete=after == 0)
        try:
            for event in events_of(services, row.run, after):
                subjects.note(event)
                if matches(event, subjects):
                    yield Found(row, event)
        except ConvergeError as error:
            unreadable.append(error)


def facts_of(event: e.RunEvent) -> tuple[tuple[str, str], ...]:
    """(key, id) of the facts and proposals that an event is about; a key that it does not tell is ""."""
    if isinstance(event, e.SuggestorExecuted):
        return tuple((proposal.key, proposal.id) for proposal in event.proposals)
    if isinstance(event, e.ApprovalRequested):
        return ((event.request.key, event.request.fact),)
    if isinstance(event, e.GateDecided):
        return (("", event.fact),)
    if isinstance(event, e.ApprovalSpent):
        return ((event.key, event.fact),)
    key, name = getattr(event, "key", None), getattr(event, "id", None)
    return ((key, name),) if isinstance(key, str) and isinstance(name, str) else ()


def people_of(event: e.RunEvent) -> tuple[str, ...]:
    """Ids of the people that an event names as acting: who decided, for whom it was asked."""
    if isinstance(event, e.ApprovalDecided | e.DecisionRefused):
        return (event.approval.by,)
    if isinstance(event, e.RunStarted):
        return (event.principal,) if event.principal else ()
    if isinstance(event, e.GateDecided) and event.request is not None:
        return (event.request.principal.id,)
    return ()


class _Subjects:
    """What the events of one run are about, where they do not tell it all themselves.

    A decision names its request, and the request the proposal; an answer of a gate names an id without its key.

    Args:
        complete: whether every event of the run is noted as it comes; else the run is read again when need be.
    """

    def __init__(self, services: Services, run: str, *, complete: bool) -> None:
        self._services, self._run, self._complete = services, run, complete
        self._asked: dict[str, tuple[str, str]] = {}
        self._keys: dict[str, set[str]] = {}

    def note(self, event: e.RunEvent) -> None:
        """Learn what a later event may refer to."""
        if isinstance(event, e.ApprovalRequested):
            self._asked[event.request.id] = (event.request.key, event.request.fact)
        elif isinstance(event, e.SuggestorExecuted):
            for proposal in event.proposals:
                self._keys.setdefault(proposal.id, set()).add(proposal.key)

    def of(self, event: e.RunEvent) -> tuple[tuple[str, str], ...]:
        """(key, id) of the facts and proposals that an event is about."""
        if isinstance(event, e.GateDecided):
            return tuple((key, event.fact) for key in sorted(self._known(self._keys, event.fact) or {""}))
        if isinstance(event, e.ApprovalDecided | e.DecisionRefused | e.TimerFired):
            request = event.request if isinstance(event, e.TimerFired) else event.approval.request
            found = self._known(self._asked, request)
            return () if found is None else (found,)
        return facts_of(event)

    def _known(self, learnt: Mapping[str, _T], name: str) -> _T | None:
        if name not in learnt and not self._complete:
            self._complete = True
            for event in events_of(self._services, self._run):
                self.note(event)
        return learnt.get(name)


def _runs(services: Services, query: Query, unreadable: list[ConvergeError]) -> Iterator[tuple[RunRow, int]]:
    """Runs that can hold matches, each with the sequence after which to read."""
    before = None
    if query.after is not None:
        row, seq = _place(services, query.after)
        before = row.run
        yield row, seq
    wanted = RunFilter(query.truth, None, query.outcome, query.since, query.until, before)
    yield from ((row, 0) for row in runs_of(services, wanted, unreadable))


def _place(services: Services, after: str) -> tuple[RunRow, int]:
    run, colon, seq = after.partition(":")
    if not colon or not seq.isascii() or not seq.isdigit():
        raise InvalidQueryError(
            f"{after!r} is not a place in the record", hint="give RUN:SEQUENCE, the next of a page before", where=after
        )
    return find_row(services, run), int(seq)


def _matcher(query: Query) -> Callable[[e.RunEvent, _Subjects], bool]:
    _known("--event", query.event, EVENT_NAMES)
    _known("--outcome", query.outcome, tuple(StopReason))
    key, test = _fact(query.fact)

    def about(of: str, name: str) -> bool:
        return (query.kind is None or kind_of(name) == query.kind) and key in {None, of} and test(name)

    def matches(event: e.RunEvent, subjects: _Subjects) -> bool:
        return (
            (query.event is None or type(event).__name__ == query.event)
            and (query.since is None or event.at >= query.since)
            and (query.until is None or event.at < query.until)
            and (query.person is None or query.person in people_of(event))
            and ((query.kind is None and query.fact is None) or any(about(*fact) for fact in subjects.of(event)))
        )

    return matches


def _fact(text: str | None) -> tuple[str | None, Callable[[str], bool]]:
    """The key that is meant, if one is, and the test for an id."""
    if text is None:
        return None, lambda _name: True
    key, _, rest = text.partition(":")
    glob = rest if key in KEYS else text
    if glob and not is_glob(subject_of(glob)):
        raise InvalidQueryError(
            f"{text!r} is no fact", hint="an id such as vendor:acme, or a glob such as vendor:*", where="--fact"
        )
    if "@" in glob:  # one version
        return key if key in KEYS else None, glob.__eq__
    which = Selector(text if key in KEYS else f"Seeds:{text}")
    return key if key in KEYS else None, lambda name: which.matches(subject_of(name))


def _known(option: str, value: str | None, choices: tuple[str, ...]) -> None:
    if value is not None and value not in choices:
        hint = did_you_mean(value, choices) or f"the choices are {', '.join(choices)}"
        raise InvalidQueryError(f"{option} knows no {value!r}", hint=hint, where=option)
