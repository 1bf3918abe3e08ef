"""`converge run`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from converge_cli.cli import options
from converge_cli.cli.output import Answer, UsageError, answering, at_terminal

if TYPE_CHECKING:
    from collections.abc import Callable

    from converge_cli.app.decide_approval import GivenApproval
    from converge_cli.app.run_job import RunRequest

_REASON = "given with --approve"
_DEPLOYED = "what a deployment needs is said where the server is started"

app = options.app()


class _Where(NamedTuple):
    """Where it runs, and what holds there alone; as was typed."""

    server: str | None
    key: str | None
    ledger: str | None
    wiring: Path | None


class _Shown(NamedTuple):
    """How it is told, as was typed."""

    trace: str | None
    as_json: bool
    no_input: bool


@app.command()
def run(
    truth: options.Truth,
    inputs: options.Inputs = None,
    parameters: options.Parameters = None,
    seeds: options.Seeds = None,
    approve: Annotated[
        list[str] | None,
        typer.Option(
            "--approve",
            metavar="POINT[:FACT]=WHO",
            help="Approve when the run would pause, if the point allows mode ci. Repeatable.",
        ),
    ] = None,
    reason: Annotated[
        str | None, typer.Option(metavar="TEXT", help=f'The reason of --approve; without it, "{_REASON}".')
    ] = None,
    principal: options.Principal = None,
    budget: options.Budgets = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Soft violations, unexercised invariants and deferred clauses count.")
    ] = False,
    trace: options.Trace = None,
    ledger: options.Mirror = None,
    wiring: options.Wiring = None,
    key: Annotated[
        str | None,
        typer.Option(
            "--idempotency-key",
            metavar="KEY",
            help="With --server: submitted once only.",
        ),
    ] = None,
    server: options.Server = None,
    no_input: options.NoInput = False,
    as_json: options.Json = False,
) -> None:
    """Run a truth to convergence, with a live trace."""

    def request() -> "RunRequest":
        from converge_cli.app.run_job import RunRequest  # noqa: PLC0415  imported when the words are right

        return RunRequest(
            truth=truth,
            inputs=options.input_paths(inputs),
            parameters=options.parameter_values(parameters),
            seeds=tuple(seeds or ()),
            approvals=given_approvals(approve, reason),
            principal=principal,
            strict=strict,
            budget=options.budget_values(budget),
            wiring=wiring,
        )

    shown = _Shown(trace, as_json, no_input)
    answering("run", lambda: _run(request, _Where(server, key, ledger, wiring), shown), as_json=as_json)


def _run(wished: "Callable[[], RunRequest]", where: _Where, shown: _Shown) -> Answer:
    from converge_cli.app.run_job import RunJob  # noqa: PLC0415  imported when the words are right
    from converge_cli.cli.display import Display  # noqa: PLC0415
    from converge_cli.cli.place import MIRRORED, place_of, refuse_remotely, server_named  # noqa: PLC0415
    from converge_cli.cli.session import Session, choose_trace  # noqa: PLC0415

    refuse_remotely(where.server, {"--ledger": (where.ledger, MIRRORED), "--wiring": (where.wiring, _DEPLOYED)})
    if where.key is not None and server_named(where.server) is None:
        raise UsageError("--idempotency-key is for a server", hint="add --server URL", where="--idempotency-key")
    request = wished()
    display = Display(choose_trace(shown.trace, as_json=shown.as_json), as_json=shown.as_json)
    interactive = at_terminal() and not (shown.no_input or shown.as_json)
    if server_named(where.server) is not None:
        from converge_cli.cli.remote_run import run_remotely  # noqa: PLC0415  most runs are driven here

        return run_remotely(place_of(where.server), request, display, interactive=interactive, key=where.key)
    session = Session(display, interactive=interactive, ledger=where.ledger)
    return session.answer("run", lambda services, sink: RunJob(services, request, sink))


def given_approvals(words: list[str] | None, reason: str | None) -> "tuple[GivenApproval, ...]":
    """`--approve POINT[:FACT]=WHO`.

    Raises:
        UsageError: a word is not of that form, or there is a reason and nothing to give it for.
    """
    from converge_cli.app.decide_approval import GivenApproval  # noqa: PLC0415

    if reason is not None and not words:
        raise UsageError("--reason belongs to --approve", hint="--approve POINT[:FACT]=WHO", where="--reason")
    given = []
    for word in words or []:
        target, equals, who = word.rpartition("=")
        point, colon, fact = target.partition(":")
        if not equals or not point or not who or (colon and not fact):
            raise UsageError(f"--approve takes POINT[:FACT]=WHO, not {word!r}", where="--approve")
        given.append(GivenApproval(point, fact or None, who, _REASON if reason is None else reason))
    return tuple(given)
