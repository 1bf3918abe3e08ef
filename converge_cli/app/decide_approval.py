"""Decides what waits: the human path, whichever door it comes through. A refused decision is recorded."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from converge_cli.app.changed_people import people_changes
from converge_cli.app.load_truth import require_person
from converge_cli.app.open_run import people_of_run
from converge_cli.app.record.recorded_run import find_row
from converge_cli.app.services import Services
from converge_cli.app.touched_run import touched_run
from converge_cli.core.approval import Approval, ApprovalRequest, Decision, Mode, authority_point
from converge_cli.core.errors import ConvergeError, did_you_mean
from converge_cli.core.ids import subject_of
from converge_cli.core.job import Job
from converge_cli.core.person import AUTHORITIES, Person
from converge_cli.core.port import EventSink, RunRow
from converge_cli.engine.decision import Decided, Statement, judge_decision, record_decisions
from converge_cli.engine.run import Asked


class UnknownRequestError(ConvergeError):
    """Nothing of that name was asked in this run."""

    code = "REQUEST_UNKNOWN"


class AmbiguousRequestError(ConvergeError):
    """A point has several pending requests, and it was not said which is meant."""

    code = "REQUEST_AMBIGUOUS"


@dataclass(frozen=True, slots=True)
class DecisionAnswer:
    """What became of a decision: one entry per request, and the run's row afterwards.

    Attributes:
        people_changed: how the people it was judged with differ from those whom the run was driven with last.
        requested_at: when people were asked what was decided, UTC, by id of the request.
    """

    row: RunRow
    decisions: tuple[Decided, ...]
    people_changed: tuple[str, ...] = ()
    requested_at: Mapping[str, str] = field(default_factory=dict)

    @property
    def refused(self) -> tuple[Decided, ...]:
        """Those that were not accepted."""
        return tuple(decided for decided in self.decisions if decided.code is not None)


@dataclass(frozen=True, slots=True)
class GivenApproval:
    """A decision given along: `--approve POINT[:FACT]=WHO`, or a Given of an example.

    Attributes:
        fact: the proposal that it is about; None when only one can be meant.
        mode: how it counts as given; None for interactive, else the first way that the request allows.
        everything: of a point with several pending requests, decide all of them.
    """

    point: str
    fact: str | None
    who: str
    reason: str
    decision: Decision = "approved"
    mode: Mode | None = "ci"
    everything: bool = False

    def unmatched(self, run: str) -> Decided:
        """What is said of it when the run never asked."""
        target = self.point if self.fact is None else f"{self.point}:{self.fact}"
        mode = self.mode or "interactive"
        approval = Approval(f"{run}.{target}", "", self.decision, self.who, "", self.reason, mode)
        return Decided(approval, "REQUEST_UNKNOWN", f"{target} was not asked for")

    def statement(self, request: ApprovalRequest) -> Statement:
        """What the person says to one request."""
        allowed = request.modes
        mode = self.mode or ("interactive" if "interactive" in allowed or not allowed else allowed[0])
        return Statement(self.decision, self.reason, mode)


@dataclass(frozen=True, slots=True)
class Applied:
    """What became of given approvals: whether any was accepted, those refused, those that nothing asked for yet."""

    accepted: bool
    refused: tuple[Decided, ...]
    unused: list[GivenApproval]


def require_point(job: Job, point: str) -> None:
    """Raises: UnknownRequestError: a job can never ask for this point."""
    declared = [item.id for item in job.approval_points]
    possible = [*declared, *(authority_point(level) for level in AUTHORITIES if job.gates)]
    if point not in possible:
        hint = did_you_mean(point, possible) or f"{job.truth} declares {', '.join(declared) or 'no approval point'}"
        raise UnknownRequestError(f"{job.truth} never asks for {point!r}", hint=hint, where=point)


def decide_approval(
    services: Services,
    run: str,
    target: str,
    who: str,
    said: Statement,
    *,
    everything: bool = False,
    sink: EventSink | None = None,
) -> DecisionAnswer:
    """Decide one request, every pending request of a proposal, or (`everything`) all of a point.

    Args:
        services: the store and where people are looked up.
        run: run id.
        target: request id, point, or fact id.
        who: person id.
        said: yes or no, the reason, the mode.
        everything: decide all pending requests of a point.
        sink: sees what is recorded.

    Raises:
        UnknownRequestError: nothing of that name was asked.
        AmbiguousRequestError: a point has several pending requests.
        ConvergeError: no such run or person, or the run is being driven right now.
    """
    row = find_row(services, run)
    people = people_of_run(services, row)
    person = require_person(people, who)
    with touched_run(services, row.run) as (row, requests):
        chosen = _choose(requests, target, row, everything=everything)
        answer = _decide(services, row, requests, chosen, (person, people), said, sink)
        return replace(answer, people_changed=people_changes(services, row.run, people))


def apply_given(
    services: Services, run: str, given: Sequence[GivenApproval], people: tuple[Person, ...], sink: EventSink | None
) -> Applied:
    """Apply decisions that were given along, as if the people had been asked now."""
    accepted, refused, unused = False, [], []
    for item in given:
        with touched_run(services, run) as (row, requests):
            pending = [asked for asked in _of_point(requests, item.point, item.fact) if asked.status == "pending"]
            if not pending:
                unused.append(item)
                continue
            if len(pending) > 1 and not item.everything:
                refused.append(_ambiguous(item, pending))
                continue
            said = item.statement(pending[0].request)
            by = require_person(people, item.who), people
            answer = _decide(services, row, requests, pending, by, said, sink)
        refused += answer.refused
        accepted = accepted or not answer.refused
    return Applied(accepted, tuple(refused), unused)


def _decide(
    services: Services,
    row: RunRow,
    requests: Mapping[str, Asked],
    chosen: Sequence[Asked],
    by: tuple[Person, tuple[Person, ...]],
    said: Statement,
    sink: EventSink | None,
) -> DecisionAnswer:
    (person, people), now = by, services.clock.now()
    if person.public_key is not None and said.sign is None:
        said = said._replace(sign=_signer(services, person))
    judged = [judge_decision(asked, person, said, row, now) for asked in chosen]
    accepted = [decided for decided in judged if decided.code is None]
    # Of several requests of one proposal a person answers those that are theirs; the others stay as they are.
    decisions = accepted or judged[:1]
    row = record_decisions(decisions, row, requests, services.experience, services.clock, sink, people)
    times = {asked.request.id: asked.request.requested_at for asked in chosen}
    return DecisionAnswer(row, tuple(decisions), requested_at=times)


def _signer(services: Services, person: Person) -> Callable[[bytes], bytes] | None:
    from converge_cli.app.identity import signer_of  # noqa: PLC0415  most people have no key

    return signer_of(services.identities, person.id)


def _choose(requests: Mapping[str, Asked], target: str, row: RunRow, *, everything: bool) -> list[Asked]:
    if target in requests:
        return [requests[target]]
    of_fact = [asked for asked in requests.values() if _is_of(asked, target)]
    if of_fact:
        return [asked for asked in of_fact if asked.status == "pending"] or of_fact[-1:]
    of_point = _of_point(requests, target, None)
    pending = [asked for asked in of_point if asked.status == "pending"]
    if len(pending) > 1 and not everything:
        raise AmbiguousRequestError(
            f"{target} has {len(pending)} pending requests: {', '.join(asked.request.fact for asked in pending)}",
            hint=f"converge approve {row.run} FACT ... for one, or --all",
            where=row.run,
        )
    point, _, fact = target.partition(":")
    named = _of_point(requests, point, fact)
    if named:
        return [asked for asked in named if asked.status == "pending"] or named[-1:]
    if not of_point:
        names = {name for asked in requests.values() for name in (asked.request.point, asked.request.fact)}
        raise UnknownRequestError(
            f"run {row.run} asked for nothing named {target!r}",
            hint=did_you_mean(target, names) or f"converge show {row.run} lists what waits",
            where=row.run,
        )
    return pending or of_point[-1:]


def _of_point(requests: Mapping[str, Asked], point: str, fact: str | None) -> list[Asked]:
    return [
        asked for asked in requests.values() if asked.request.point == point and (fact is None or _is_of(asked, fact))
    ]


def _is_of(asked: Asked, fact: str) -> bool:
    """Whether a request is about a proposal that is named by its id, with or without the version."""
    return fact in {asked.request.fact, subject_of(asked.request.fact)}


def _ambiguous(item: GivenApproval, pending: Sequence[Asked]) -> Decided:
    facts = ", ".join(asked.request.fact for asked in pending)
    return item.unmatched(pending[0].request.id.partition(".")[0])._replace(
        code="REQUEST_AMBIGUOUS",
        detail=f"{item.point} has {len(pending)} pending requests ({facts}); name one as POINT:FACT",
    )
