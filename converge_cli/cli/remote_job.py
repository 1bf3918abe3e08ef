"""A job of a server as the commands see it: its result, its people, and what became of it. Prints nothing."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from converge_cli.app.record.recorded_run import driven_with, find_row
from converge_cli.client.errors import ServerError
from converge_cli.core.errors import ConvergeError
from converge_cli.core.ids import subject_of
from converge_cli.core.person import Person

if TYPE_CHECKING:
    from converge_cli.app.decide_approval import GivenApproval
    from converge_cli.app.services import Services
    from converge_cli.client import Client, Job
    from converge_cli.core.approval import ApprovalRequest
    from converge_cli.engine.decision import Decided
    from converge_cli.trace.state import TraceState


def result_of(client: "Client", run: str) -> dict[str, Any]:
    """What a job's run has come to.

    Raises:
        ConvergeError: it could not be begun; or no worker has begun it yet.
    """
    return result_in(client.job(run))


def result_in(job: "Job") -> dict[str, Any]:
    """What a job's run has come to; see `result_of`."""
    if job.result is not None:
        return job.result
    if job.error is not None:
        raise ServerError(job.error)
    raise ConvergeError(
        f"run {job.run_id} is {job.status}: nothing is recorded of it yet",
        hint=f"converge resume {job.run_id} follows it",
        where=job.run_id,
    )


def people_of(services: "Services", run: str) -> tuple[Person, ...]:
    """The people with whom a run was driven last; nobody when that is not recorded."""
    people = driven_with(services, run).people
    if not people:
        return ()
    return msgspec.json.decode(services.experience.get_blob(people), type=tuple[Person, ...])


def run_of(services: "Services", run: str) -> str:
    """The id of a run, of which an unmistakable beginning may be given.

    Raises:
        RunNotFoundError: none, or several.
    """
    return find_row(services, run).run


def unheeded(run: str, given: "Iterable[GivenApproval]", state: "TraceState") -> "list[Decided]":
    """The approvals that were given along and that nothing asked for, or several did, once a run waits for people."""
    said = {(item.request, item.by) for item in (*state.decided, *(refused for refused, _, _ in state.refused))}
    found: list[Decided] = []
    for item in given:
        if any(by == item.who and _is_about(request, item) for request, by in said):
            continue
        asked = [request for request in state.pending.values() if request.point == item.point and _fits(request, item)]
        if not asked:
            found.append(item.unmatched(run))
        elif len(asked) > 1:
            found.append(_ambiguous(item, run, asked))
    return found


def _is_about(request: str, item: "GivenApproval") -> bool:
    return request.split(".")[1:2] == [item.point]


def _fits(request: "ApprovalRequest", item: "GivenApproval") -> bool:
    return item.fact is None or item.fact in {request.fact, subject_of(request.fact)}


def _ambiguous(item: "GivenApproval", run: str, asked: "Sequence[ApprovalRequest]") -> "Decided":
    facts = ", ".join(request.fact for request in asked)
    told = f"{item.point} has {len(asked)} pending requests ({facts}); name one as POINT:FACT"
    return item.unmatched(run)._replace(code="REQUEST_AMBIGUOUS", detail=told)
