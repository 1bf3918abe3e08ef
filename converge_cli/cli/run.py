"""`converge run`."""

from typing import TYPE_CHECKING, Annotated

import typer

from converge_cli.cli import options
from converge_cli.cli.output import Answer, UsageError, answering, at_terminal

if TYPE_CHECKING:
    from converge_cli.app.decide_approval import GivenApproval

_REASON = "given with --approve"
_DEPLOYED = "what a deployment needs is said where the server is started"

app = options.app()


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

    def work() -> Answer:
        from converge_cli.app.run_job import RunJob, RunRequest  # noqa: PLC0415  imported when the words are right
        from converge_cli.cli.display import Display  # noqa: PLC0415
        from converge_cli.cli.place import MIRRORED, place_of, refuse_remotely, server_named  # noqa: PLC0415
        from converge_cli.cli.session import Session, choose_trace  # noqa: PLC0415

        refuse_remotely(server, {"--ledger": (ledger, MIRRORED), "--wiring": (wiring, _DEPLOYED)})
        if key is not None and server_named(server) is None:
            raise UsageError("--idempotency-key is for a server", hint="add --server URL", where="--idempotency-key")
        request = RunRequest(
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
        display = Display(choose_trace(trace, as_json=as_json), as_json=as_json)
        interactive = at_terminal() and not (no_input or as_json)
        if server_named(server) is not None:
            from converge_cli.cli.remote_run import run_remotely  # noqa: PLC0415  most runs are driven here

            return run_remotely(place_of(server), request, display, interactive=interactive, key=key)
        session = Session(display, interactive=interactive, ledger=ledger)
        return session.answer("run", lambda services, sink: RunJob(services, request, sink))

    answering("run", work, as_json=as_json)


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
