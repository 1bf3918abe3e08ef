"""`converge runs`."""

from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from converge_cli.app.error_data import error_data
from converge_cli.cli import options
from converge_cli.cli.output import Answer, UsageError, answering, unreadable_outcome
from converge_cli.core.errors import did_you_mean

if TYPE_CHECKING:
    from rich.console import Console

    from converge_cli.core.errors import ConvergeError
    from converge_cli.core.port import RunRow

_STATUSES = ("running", "paused", "stopped")

app = options.app()


@app.command()
def runs(
    truth: Annotated[str | None, typer.Option(metavar="KEY", help="Only runs of this truth.")] = None,
    status: Annotated[str | None, typer.Option(metavar="running|paused|stopped", help="Only runs that are so.")] = None,
    limit: Annotated[int, typer.Option(metavar="N", min=1, help="At most so many, the newest first.")] = 50,
    server: options.Server = None,
    as_json: options.Json = False,
) -> None:
    """List recorded runs, the newest first."""

    def work() -> Answer:
        from converge_cli.app.record.recorded_run import readable, row_data  # noqa: PLC0415  when the words are right
        from converge_cli.cli.place import place_of  # noqa: PLC0415

        if status not in {None, *_STATUSES}:
            hint = did_you_mean(str(status), _STATUSES) or f"the choices are {', '.join(_STATUSES)}"
            raise UsageError(f"--status takes no {status!r}", hint=hint, where="--status")
        services = place_of(server).services
        rows, damaged = readable(services.experience.rows(truth=truth, status=status, limit=limit))
        asked = _Asked(every=truth is None and status is None, limit=limit)
        unreadable = [] if damaged is None else [damaged]
        data = {"runs": [row_data(row) for row in rows], "unreadable": [error_data(error) for error in unreadable]}
        outcome, code = unreadable_outcome("listed", unreadable)
        return Answer(outcome, code, data, lambda console: _show(console, rows, unreadable, asked))

    answering("runs", work, as_json=as_json)


class _Asked(NamedTuple):
    """What was looked for: whether every run, and how many at most."""

    every: bool
    limit: int


def _show(console: "Console", rows: "list[RunRow]", unreadable: "list[ConvergeError]", asked: _Asked) -> None:
    from converge_cli.cli.local_zone import local_zone  # noqa: PLC0415
    from converge_cli.cli.page import Page  # noqa: PLC0415  only for people
    from converge_cli.trace.glyphs import glyph  # noqa: PLC0415
    from converge_cli.trace.wording import time_text  # noqa: PLC0415

    page = Page(console)
    if not rows and not unreadable:
        page.line("no runs here yet; converge run TRUTH makes one" if asked.every else "no run here fits")
    page.rows(
        [
            (
                row.run,
                row.truth,
                row.reason or row.status,
                str(row.facts),
                str(row.pending),
                time_text(row.updated_at, local_zone()),
            )
            for row in rows
        ],
        header=("  run", "truth", "came to", "facts", "waiting", "last change"),
    )
    if len(rows) == asked.limit:
        page.line(f"  the newest {asked.limit}; more with --limit {asked.limit * 10}")
    for error in unreadable:
        page.line(f"{glyph('failed')} {error.message}")
