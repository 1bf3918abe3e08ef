"""`converge show`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from converge_cli.cli import options
from converge_cli.cli.output import Answer, UsageError, answering

if TYPE_CHECKING:
    from rich.console import Console

_WIDTH = 110

app = options.app()


@app.command()
def show(
    run: options.Run,
    svg: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the picture of the run to this file.")] = None,
    width: Annotated[
        int | None, typer.Option(metavar="N", min=80, max=300, help=f"Columns of the picture; default {_WIDTH}.")
    ] = None,
    server: options.Server = None,
    as_json: options.Json = False,
) -> None:
    """Show a recorded run as its trace left it: context, gates, invariants, criteria, verdict, whole digests."""

    def work() -> Answer:
        from converge_cli.app.record.recorded_run import events_of, find_row  # noqa: PLC0415  when the words are right
        from converge_cli.cli.local_zone import local_zone  # noqa: PLC0415
        from converge_cli.cli.place import place_of  # noqa: PLC0415
        from converge_cli.trace.fold import fold_all  # noqa: PLC0415

        if width is not None and svg is None:
            raise UsageError("--width is of the picture", hint="add --svg FILE", where="--width")
        place = place_of(server)
        services = place.services
        row = find_row(services, run)
        state = fold_all(events_of(services, row.run))
        if svg is not None:
            from converge_cli.cli.payload import write_whole  # noqa: PLC0415
            from converge_cli.trace.svg import to_svg  # noqa: PLC0415

            write_whole(svg, [to_svg(state, width=width or _WIDTH, zone=local_zone(), head=row.head).encode()])
        outcome = row.reason or row.status
        data = place.result(row.run) if as_json else None
        people = () if as_json else place.people(row)
        if not as_json:
            place.say_where()
        return Answer(outcome, 0, data, lambda console: _show(console, state, row, people, svg))

    answering("show", work, as_json=as_json)


def _show(console: "Console", state: Any, row: Any, people: Any, svg: Path | None) -> None:
    from rich.console import Group  # noqa: PLC0415  only for people

    from converge_cli.cli.local_zone import local_zone  # noqa: PLC0415
    from converge_cli.cli.page import Page  # noqa: PLC0415
    from converge_cli.trace.screen import Moment, screen  # noqa: PLC0415
    from converge_cli.trace.verdict import verdict  # noqa: PLC0415

    moment = Moment(frame=0, active_s=None, running_s={})
    console.print(Group(*screen(state, width=console.width, height=10_000, zone=local_zone(), moment=moment)))
    console.print(verdict(state, zone=local_zone(), digests=False, people=people), crop=False)
    page = Page(console)
    if state.ended is not None:
        page.line(f"  outcome  {state.ended.outcome}")
    page.line(f"  head     {row.head}")
    if svg is not None:
        page.line(f"  picture  {svg}")
