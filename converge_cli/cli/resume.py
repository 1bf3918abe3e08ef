"""`converge resume`."""

from typing import TYPE_CHECKING, Annotated

import typer

from converge_cli.cli import options
from converge_cli.cli.output import Answer, answering, at_terminal

if TYPE_CHECKING:
    from converge_cli.app.services import Services
    from converge_cli.core.port import EventSink

app = options.app()


@app.command()
def resume(
    run: options.Run,
    inputs: options.Inputs = None,
    add_budget: Annotated[
        str | None, typer.Option("--add-budget", metavar="NAME=N,...", help="More of a limit, for example cycles=50.")
    ] = None,
    trace: options.Trace = None,
    ledger: options.Mirror = None,
    accept_changes: Annotated[
        bool, typer.Option("--accept-changes", help="Go on although a pack or its policy has changed since.")
    ] = False,
    server: options.Server = None,
    no_input: options.NoInput = False,
    as_json: options.Json = False,
) -> None:
    """Go on with a run that paused: after decisions, with more budget, with an input that was missing.

    With packs that have changed since it goes on only if you agree: asked at a terminal, else by --accept-changes.
    """

    def work() -> Answer:
        from converge_cli.app.resume_run import ResumeRun  # noqa: PLC0415  imported when the words are right
        from converge_cli.cli.display import Display  # noqa: PLC0415
        from converge_cli.cli.place import MIRRORED, place_of, refuse_remotely, server_named  # noqa: PLC0415
        from converge_cli.cli.session import Session, choose_trace  # noqa: PLC0415

        refuse_remotely(server, {"--ledger": (ledger, MIRRORED)})
        paths, added = options.input_paths(inputs), options.budget_change(add_budget)
        display = Display(choose_trace(trace, as_json=as_json), as_json=as_json)
        interactive = at_terminal() and not (no_input or as_json)
        if server_named(server) is not None:
            from converge_cli.cli.remote_run import Wish, resume_remotely  # noqa: PLC0415  most runs are driven here

            wish = Wish(paths, added, accept_changes)
            return resume_remotely(place_of(server), run, display, wish, interactive=interactive)
        session = Session(display, interactive=interactive, ledger=ledger, accept_changes=accept_changes)
        session.show_so_far(run)

        def prepare(services: "Services", sink: "EventSink") -> ResumeRun:
            accepted = session.accept_changes
            return ResumeRun(services, run, inputs=paths, added=added, sink=sink, accept_changes=accepted)

        return session.answer("resume", prepare)

    answering("resume", work, as_json=as_json)
