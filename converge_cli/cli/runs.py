"""`converge runs`."""

from typing import TYPE_CHECKING, Annotated

import typer

from converge_cli.cli import options
from converge_cli.cli.output import Answer, UsageError, answering
from converge_cli.core.errors import did_you_mean

if TYPE_CHECKING:
    from rich.console import Console

    from converge_cli.core.port import RunRow

_STATUSES = ("running", "paused", "stopped")

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


@app.command()
def runs(
    truth: Annotated[str | None, typer.Option(metavar="KEY", help="Only runs of this truth.")] = None,
    status: Annotated[str | None, typer.Option(metavar="running|paused|stopped", help="Only runs that are so.")] = None,
    limit: Annotated[int, typer.Option(metavar="N", min=1, help="At most so many, the newest first.")] = 50,
    as_json: options.Json = False,
) -> None:
    """List recorded runs, the newest first."""

    def work() -> Answer:
        import msgspec  # noqa: PLC0415  imported when the words are right

        from converge_cli.cli.here import services_here  # noqa: PLC0415

        if status not in {None, *_STATUSES}:
            hint = did_you_mean(str(status), _STATUSES) or f"the choices are {', '.join(_STATUSES)}"
            raise UsageError(f"--status takes no {status!r}", hint=hint, where="--status")
        services = services_here()
        rows = tuple(services.experience.rows(truth=truth, status=status, limit=limit))
        return Answer("listed", 0, {"runs": msgspec.to_builtins(rows)}, lambda console: _show(console, rows))

    answering("runs", work, as_json=as_json)


def _show(console: "Console", rows: tuple["RunRow", ...]) -> None:
    from converge_cli.cli.local_zone import local_zone  # noqa: PLC0415
    from converge_cli.cli.page import Page  # noqa: PLC0415  only for people
    from converge_cli.trace.wording import time_text  # noqa: PLC0415

    page = Page(console)
    if not rows:
        page.line("no runs here yet; converge run TRUTH makes one")
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
