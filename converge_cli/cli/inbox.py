"""`converge inbox`."""

from typing import TYPE_CHECKING, Any

import typer

from converge_cli.cli import options
from converge_cli.cli.output import Answer, answering, error_data

if TYPE_CHECKING:
    from rich.console import Console

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


@app.command()
def inbox(as_json: options.Json = False) -> None:
    """List what waits for a person, across all runs, the oldest first."""

    def work() -> Answer:
        from converge_cli.app.inbox import inbox as waiting_requests  # noqa: PLC0415  when the words are right
        from converge_cli.app.result_data import request_data  # noqa: PLC0415
        from converge_cli.cli.here import services_here  # noqa: PLC0415

        waiting, unreadable = waiting_requests(services_here())
        data = {
            "waiting": [
                {"run": item.row.run, "truth": item.row.truth, **request_data(item.request)} for item in waiting
            ],
            "unreadable": [error_data(error) for error in unreadable],
        }
        return Answer("listed", 0, data, lambda console: _show(console, waiting, unreadable))

    answering("inbox", work, as_json=as_json)


def _show(console: "Console", waiting: Any, unreadable: Any) -> None:
    from converge_cli.cli.local_zone import local_zone  # noqa: PLC0415
    from converge_cli.cli.page import Page  # noqa: PLC0415  only for people
    from converge_cli.trace.wording import time_text, who_decides  # noqa: PLC0415

    page = Page(console)
    if not waiting:
        page.line("nothing waits for a person")
    for item in waiting:
        request = item.request
        until = f" until {time_text(request.until, local_zone())}" if request.until else ""
        page.line(f"⏸ {request.id}")
        page.pairs(
            [
                ("what", f"{request.summary}: {request.key} {request.fact}"),
                ("who", who_decides(request) + until),
                ("truth", item.row.title),
                ("decide", f"converge approve {item.row.run} {request.fact} --as WHO --reason TEXT"),
            ]
        )
    for error in unreadable:
        page.line(f"✗ {error.message}")
