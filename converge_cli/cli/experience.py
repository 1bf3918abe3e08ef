"""`converge experience query|stats|export`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from converge_cli.app.error_data import error_data
from converge_cli.cli import options
from converge_cli.cli.output import Answer, UsageError, answering, unreadable_outcome

if TYPE_CHECKING:
    from converge_cli.core.errors import ConvergeError

app = options.app()

Truth = Annotated[str | None, typer.Option(metavar="KEY", help="Only runs of this truth.")]
Since = Annotated[
    str | None, typer.Option(metavar="TIME", help="At or after: 2026-11-21, 2026-11-21T14:00 (UTC), or 7d ago.")
]
Until = Annotated[str | None, typer.Option(metavar="TIME", help="Before this time.")]


@app.callback()
def experience() -> None:
    """Ask the record of all runs: find events, count how runs went, write runs to a file."""


@app.command()
def query(
    truth: Truth = None,
    outcome: Annotated[
        str | None, typer.Option(metavar="REASON", help="Only runs that came to it, such as CriteriaMet.")
    ] = None,
    since: Since = None,
    until: Until = None,
    event: Annotated[str | None, typer.Option(metavar="NAME", help="Only such events: ApprovalDecided, ...")] = None,
    kind: Annotated[str | None, typer.Option(metavar="KIND", help="Only about facts of this kind.")] = None,
    fact: Annotated[
        str | None, typer.Option(metavar="ID", help="Only about this fact: vendor:acme, vendor:*, Seeds:vendor:*.")
    ] = None,
    person: Annotated[
        str | None, typer.Option(metavar="PERSON", help="Only where this person decided, or it was asked for them.")
    ] = None,
    after: Annotated[
        str | None, typer.Option(metavar="RUN:SEQ", help="Go on behind this event: next of the page before.")
    ] = None,
    limit: Annotated[int, typer.Option(metavar="N", min=1, max=10_000, help="At most so many events.")] = 50,
    as_json: options.Json = False,
) -> None:
    """Find recorded events; everything that is given must hold. The newest run first, each from its beginning."""

    def work() -> Answer:
        from itertools import islice  # noqa: PLC0415  imported when the words are right

        from converge_cli.app.experience.query import Query, query_events  # noqa: PLC0415
        from converge_cli.cli.experience_page import found_data, show_found  # noqa: PLC0415
        from converge_cli.cli.here import services_here  # noqa: PLC0415

        services = services_here()
        times = (_time(since, "--since", services.clock.now()), _time(until, "--until", services.clock.now()))
        wanted = Query(truth, outcome, *times, event, kind, fact, person, after)
        unreadable: list[ConvergeError] = []
        found = list(islice(query_events(services, wanted, unreadable), limit + 1))
        more, found = len(found) > limit, found[:limit]
        following = found[-1].place if more else None
        data = {
            "events": [found_data(item) for item in found],
            "next": following,
            "unreadable": [error_data(error) for error in unreadable],
        }
        told, code = unreadable_outcome("listed", unreadable)
        return Answer(told, code, data, lambda console: show_found(console, found, following, unreadable))

    answering("experience query", work, as_json=as_json)


@app.command()
def stats(
    truth: Truth = None,
    since: Since = None,
    until: Until = None,
    as_json: options.Json = False,
) -> None:
    """Count how runs went: stop reasons, time to decide, which invariants fire."""

    def work() -> Answer:
        from converge_cli.app.experience.stats import stats as count  # noqa: PLC0415  when the words are right
        from converge_cli.cli.experience_page import show_stats, stats_data  # noqa: PLC0415
        from converge_cli.cli.here import services_here  # noqa: PLC0415
        from converge_cli.core.port import RunFilter  # noqa: PLC0415

        services = services_here()
        now = services.clock.now()
        wanted = RunFilter(truth=truth, since=_time(since, "--since", now), until=_time(until, "--until", now))
        found, unreadable = count(services, wanted)
        data = {
            "truths": {key: stats_data(item) for key, item in found.items()},
            "unreadable": [error_data(error) for error in unreadable],
        }
        outcome, code = unreadable_outcome("counted", unreadable)
        return Answer(outcome, code, data, lambda console: show_stats(console, found, unreadable))

    answering("experience stats", work, as_json=as_json)


@app.command()
def export(
    run: Annotated[str | None, typer.Argument(metavar="[RUN]", help="The run's id, or its beginning.")] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="FILE", help="Where; an existing file is replaced."),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every run of the store.")] = False,
    as_json: options.Json = False,
) -> None:
    """Write a run, or all of them, as canonical JSON lines: rows, events as hashed, and the bytes that they name."""

    def work() -> Answer:
        from converge_cli.app.experience.export import export_runs  # noqa: PLC0415  when the words are right
        from converge_cli.app.record.recorded_run import every_run, find_row  # noqa: PLC0415
        from converge_cli.cli.here import services_here  # noqa: PLC0415
        from converge_cli.cli.payload import write_whole  # noqa: PLC0415
        from converge_cli.trace.wording import plural  # noqa: PLC0415

        if out is None or (run is None) == (not everything):
            hint = "converge experience export RUN -o FILE"
            raise UsageError("export takes one RUN, or --all, and -o FILE", hint=hint)
        services = services_here()
        rows = every_run(services) if run is None else [find_row(services, run)]
        size = write_whole(out, export_runs(services, rows))
        data = {"file": str(out), "bytes": size, "runs": [row.run for row in rows]}
        return Answer("written", 0, data, f"{out}  {plural(len(rows), 'run')}  {size} bytes")

    answering("experience export", work, as_json=as_json)


def _time(text: str | None, option: str, now: str) -> str | None:
    """A time as records state it."""
    if text is None:
        return None
    from datetime import UTC, datetime, timedelta  # noqa: PLC0415

    ago = options.seconds(text)
    try:
        if ago is not None and not text.isdigit():
            when = datetime.fromisoformat(now) - timedelta(seconds=float(ago))
        else:
            when = datetime.fromisoformat(text)
        when = when.replace(tzinfo=when.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        hint = "for example 2026-11-21, 2026-11-21T14:00 (UTC), or 7d for seven days ago"
        raise UsageError(f"{option} takes a time, not {text!r}", hint=hint, where=option) from None
    return when.isoformat(timespec="microseconds").replace("+00:00", "Z")
