"""`converge replay`."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from converge_cli.cli import options
from converge_cli.cli.output import Answer, answering

if TYPE_CHECKING:
    from rich.console import Console

    from converge_cli.app.record.replay_run import ReplayAnswer

app = options.app()

_NOW = {
    "same": "as it is here now",
    "changed": "other files are here now; replayed by what is recorded",
    "not here": "not here now; replayed by what is recorded",
}


@app.command()
def replay(
    run: options.Run,
    verify: Annotated[
        bool, typer.Option("--verify", help="Compute everything anew and compare it with the record, event by event.")
    ] = False,
    as_json: options.Json = False,
) -> None:
    """Print the trace of a recorded run, one line an event.

    With --verify nothing is believed that the rules can tell: promotions, rejections, gates, requests, decisions,
    invariants, criteria and stops are computed anew from what suggestors said and people decided, without network,
    clock or code of a pack, and must give the recorded bytes; else the first event that comes out otherwise
    is named, with both values.
    """

    def work() -> Answer:
        return _verified(run) if verify else _shown(run)

    answering("replay", work, as_json=as_json)


def _verified(run: str) -> Answer:
    from converge_cli.app.record.replay_run import replay_run  # noqa: PLC0415  when the words are right
    from converge_cli.cli.here import services_here  # noqa: PLC0415

    answer = replay_run(services_here(), run)
    return Answer("verified", 0, _data(answer), lambda console: _show(console, answer))


def _data(answer: "ReplayAnswer") -> dict[str, Any]:
    row, replayed = answer.row, answer.replayed
    return {
        "run_id": row.run,
        "truth": row.truth,
        "reason": row.reason or row.status,
        "events": replayed.events,
        "head": replayed.head,
        "outcome_digest": replayed.outcome,
        "gates": "recorded" if replayed.recorded_gates else "recomputed",
        "packs": [
            {"name": item.record.name, "version": item.record.version, "digest": item.record.digest, "now": item.now}
            for item in answer.packs
        ],
    }


def _show(console: "Console", answer: "ReplayAnswer") -> None:
    from converge_cli.cli.page import Page  # noqa: PLC0415  only for people
    from converge_cli.trace.glyphs import glyph  # noqa: PLC0415

    row, replayed = answer.row, answer.replayed
    page = Page(console)
    page.title(f"{glyph('done')} {replayed.events} events came out as they are recorded", row.run)
    pairs = [("truth", row.truth), ("came to", row.reason or row.status), ("head", replayed.head)]
    pairs += [("outcome", replayed.outcome)] if replayed.outcome else []
    pairs += [(f"pack {item.record.name}", f"{item.record.version}, {_NOW[item.now]}") for item in answer.packs]
    if replayed.recorded_gates:
        pairs.append(("gates", "answered by the program that ran it; its answers were taken as they are recorded"))
    page.pairs(pairs)


def _shown(run: str) -> Answer:
    from io import StringIO  # noqa: PLC0415

    import msgspec  # noqa: PLC0415

    from converge_cli.app.record.recorded_run import events_of, find_row  # noqa: PLC0415  when the words are right
    from converge_cli.cli.here import services_here  # noqa: PLC0415
    from converge_cli.core.event import encode_event  # noqa: PLC0415
    from converge_cli.trace.plain import PlainDisplay  # noqa: PLC0415

    services = services_here()
    row = find_row(services, run)
    events = list(events_of(services, row.run))
    lines = StringIO()
    PlainDisplay(lines).events(row.run, events)
    data = {"run_id": row.run, "events": [msgspec.json.decode(encode_event(event)) for event in events]}
    return Answer(row.reason or row.status, 0, data, lines.getvalue().rstrip("\n"))
