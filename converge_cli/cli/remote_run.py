"""`run` and `resume` at a server: what they send. What comes of it is shown by the session."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from converge_cli.app.read_inputs import read_file
from converge_cli.app.run_job import RunRequest
from converge_cli.cli.display import Display
from converge_cli.cli.output import Answer, UsageError
from converge_cli.cli.place import Place
from converge_cli.cli.remote_job import run_of
from converge_cli.cli.remote_session import RemoteSession
from converge_cli.client.errors import ServerError
from converge_cli.core.budget import BudgetChange

if TYPE_CHECKING:
    from converge_cli.client import Client


class Wish(NamedTuple):
    """How a job is to be gone on with; see `ResumeRun`."""

    inputs: Mapping[str, Path]
    added: BudgetChange | None
    accept_changes: bool


def run_remotely(place: Place, request: RunRequest, display: Display, *, interactive: bool, key: str | None) -> Answer:
    """Submit a job and follow it.

    Raises:
        UsageError: the truth is named by a path, which a server does not have.
        ConvergeError: the server refuses it, or can't be reached.
    """
    client = _client(place)
    if "/" in request.truth or request.truth.endswith(".yaml"):
        raise UsageError(
            f"a server knows its truths by their keys, not by files of this machine: {request.truth}",
            hint=f"leave --server away, or ask {client.url}/api/v1/truths",
            where="TRUTH",
        )
    approvals = [
        {name: value for name, value in item.items() if value is not None}
        for item in (
            {"point": given.point, "fact": given.fact, "by": given.who, "reason": given.reason}
            for given in request.approvals
        )
    ]

    def begin() -> str:
        job = client.submit(
            request.truth,
            inputs=_readable(request.inputs),
            parameters={
                pack: {".".join(path): value for path, value in values.items()}
                for pack, values in request.parameters.items()
            },
            seeds=request.seeds,
            budget=request.budget,
            approvals=approvals,
            principal=request.principal,
            strict=request.strict,
            key=key,
        )
        return job.job_id

    session = RemoteSession(place, display, interactive=interactive)
    return session.answer("run", begin, request.approvals)


def resume_remotely(
    place: Place,
    run: str,
    display: Display,
    wish: Wish,
    *,
    interactive: bool,
) -> Answer:
    """Have a job at rest gone on with, and follow it. One that goes on by itself, as after a decision, is followed.

    Raises:
        ConvergeError: the server refuses it, or can't be reached.
    """
    client = _client(place)
    run = run_of(place.services, run)
    session = RemoteSession(place, display, interactive=interactive)
    budget: dict[str, Any] = {} if wish.added is None else msgspec.structs.asdict(wish.added)
    budget = {name: value for name, value in budget.items() if value}

    def begin() -> str:
        try:
            client.resume(run, inputs=_readable(wish.inputs), add_budget=budget, accept_changes=wish.accept_changes)
        except ServerError as error:
            # The server went on with it after the decision: that it should is all that was asked for here.
            if error.code != "JOB_NOT_OPEN" or wish.inputs or budget:
                raise
        return run

    if client.job(run).seq:
        session.show_so_far(run)
    return session.answer("resume", begin)


def _client(place: Place) -> "Client":
    assert place.client is not None  # noqa: S101  chosen by the command
    return place.client


def _readable(inputs: Mapping[str, Any]) -> dict[str, Path]:
    """The files of `--input`, which are told by that name when they can't be read.

    Raises:
        InputFileError: one can't.
    """
    files = {name: path for name, path in inputs.items() if isinstance(path, Path)}
    for name, path in files.items():
        read_file(path, f"--input {name}")
    return files
