"""`converge ledger append|get|snapshot|load|watch|serve`."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from converge_cli.cli import options
from converge_cli.cli.output import Answer, UsageError, answering
from converge_cli.trace.sanitize import safe

if TYPE_CHECKING:
    from rich.console import Console

    from converge_cli.core.ledger import LedgerEntry
    from converge_cli.core.port import Ledger

app = options.app()

Context = Annotated[str, typer.Argument(metavar="CONTEXT", help="A run's id, or a name of your own.")]
Key = Annotated[str | None, typer.Option(metavar="KEY", help="Only entries under this key.")]
After = Annotated[int, typer.Option(metavar="N", help="Only entries after this sequence.")]
_SHOWN = 60


@app.callback()
def ledger() -> None:
    """Append to, read, copy, watch or serve a ledger: an append-only mirror of what happened, never an authority."""


@app.command()
def append(
    context: Annotated[
        str | None, typer.Argument(metavar="[CONTEXT]", help="A run's id, or a name of your own.")
    ] = None,
    key: Annotated[
        str | None, typer.Argument(metavar="[KEY]", help="facts, intents, traces, proposals, evals, or your own.")
    ] = None,
    entry: Annotated[
        str | None,
        typer.Option("--id", metavar="ID", help="The entry's id, needed without --run; the same again is a retry."),
    ] = None,
    file: Annotated[
        Path | None, typer.Option(metavar="PATH", help="Read the payload from a file instead of stdin.")
    ] = None,
    meta: Annotated[list[str] | None, typer.Option(metavar="NAME=VALUE", help="A text beside it. Repeatable.")] = None,
    run: Annotated[
        str | None, typer.Option(metavar="RUN", help="Append what the record of this run has and the ledger has not.")
    ] = None,
    url: options.Ledger = None,
    as_json: options.Json = False,
) -> None:
    """Append an entry; the payload comes from stdin or a file. Or, with --run, bring a run's mirror up to date.

    A retry with the same id and content does not duplicate; other content under the same id is refused.
    """

    def work() -> Answer:
        if run is not None:
            if context is not None or entry is not None or file is not None or meta:
                raise UsageError("--run takes nothing else", hint="converge ledger append --run RUN", where="--run")
            return _mirrored(run, url)
        if context is None or key is None or entry is None:
            raise UsageError("an entry needs CONTEXT, KEY and --id", hint="converge ledger append --help")
        from converge_cli.cli.payload import read_payload  # noqa: PLC0415  when the words are right
        from converge_cli.core.ledger import NewEntry, check_new  # noqa: PLC0415

        metadata = dict(options.pairs(meta, "--meta"))
        check_new(context, [NewEntry(entry, key, b"", metadata)])
        new = NewEntry(entry, key, read_payload(file), metadata)
        with opened(url) as ledger:
            [held] = ledger.append(context, [new])
        line = f"{held.context}  {held.sequence}  {held.hash}"
        return Answer("appended", 0, {"entry": entry_data(held)}, line)

    answering("ledger append", work, as_json=as_json)


@app.command()
def get(
    context: Context,
    key: Key = None,
    after: After = 0,
    limit: Annotated[int, typer.Option(metavar="N", help="At most so many, up to 1000.")] = 100,
    url: options.Ledger = None,
    as_json: options.Json = False,
) -> None:
    """List a page of entries. With --json: payloads in base64, and where the next page begins."""

    def work() -> Answer:
        with opened(url) as ledger:
            page = ledger.get(context, key=key, after=after, limit=limit)
        data = {
            "entries": [entry_data(entry) for entry in page.entries],
            "last": page.last,
            "next_after": page.next_after() if page.more else None,
        }
        return Answer("listed", 0, data, lambda console: _show_entries(console, page.entries))

    answering("ledger get", work, as_json=as_json)


@app.command()
def snapshot(
    context: Context,
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE", help="Where to write it.")],
    url: options.Ledger = None,
    as_json: options.Json = False,
) -> None:
    """Write a context to a file: canonical JSON lines, zstd. An existing file is replaced when all has been read."""

    def work() -> Answer:
        from converge_cli.cli.payload import write_whole  # noqa: PLC0415  when the words are right

        with opened(url) as ledger:
            size = write_whole(out, ledger.snapshot(context))
        return Answer("written", 0, {"context": context, "file": str(out), "bytes": size}, f"{out}  {size} bytes")

    answering("ledger snapshot", work, as_json=as_json)


@app.command()
def load(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A snapshot.")],
    url: options.Ledger = None,
    as_json: options.Json = False,
) -> None:
    """Verify a snapshot, then write it whole into its context, which must have no entries."""

    def work() -> Answer:
        from converge_cli.cli.payload import chunks_of  # noqa: PLC0415  when the words are right

        with opened(url) as ledger, chunks_of(file) as chunks:
            head = ledger.load(chunks)
        data = {"context": head.context, "count": head.count, "head": head.head}
        return Answer("loaded", 0, data, f"{head.context}  {head.count} entries  {head.head}")

    answering("ledger load", work, as_json=as_json)


@app.command()
def watch(
    context: Context,
    key: Key = None,
    after: After = 0,
    limit: Annotated[int | None, typer.Option(metavar="N", help="End after so many entries.")] = None,
    seconds: Annotated[str | None, typer.Option("--for", metavar="TIME", help="End after 90s, 5m, 1h ...")] = None,
    jsonl: Annotated[bool, typer.Option("--jsonl", help="One JSON line an entry, as it comes.")] = False,
    url: options.Ledger = None,
    as_json: options.Json = False,
) -> None:
    """Show what a context has, then what comes, until Ctrl-C, --limit or --for."""

    def work() -> Answer:
        if as_json and limit is None and seconds is None:
            raise UsageError("--json waits for the end", hint="add --limit or --for, or use --jsonl", where="--json")
        from converge_cli.cli.ledger_watching import Ending, follow  # noqa: PLC0415  when the words are right

        ending = Ending.of(limit, seconds)
        with opened(url) as ledger:
            return follow(ledger, context, key, after, ending, jsonl=jsonl, as_json=as_json)

    answering("ledger watch", work, as_json=as_json)


@app.command()
def serve(
    listen: Annotated[str, typer.Option(metavar="HOST:PORT", help="Port 0 takes a free one.")] = "127.0.0.1:50052",
    tls_cert: Annotated[Path | None, typer.Option(metavar="FILE", help="The server's certificate, PEM.")] = None,
    tls_key: Annotated[Path | None, typer.Option(metavar="FILE", help="Its key, PEM.")] = None,
    tls_ca: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Who may call: certificates signed by these, PEM.")
    ] = None,
    url: options.Ledger = None,
    as_json: options.Json = False,
) -> None:
    """Serve a ledger to other processes over gRPC (converge.ledger.v1), until SIGTERM or Ctrl-C.

    Without --ledger it serves ledger.db beside the recorded runs. Health and reflection are offered too.
    """

    def work() -> Answer:
        import sys  # noqa: PLC0415

        from converge_cli.bootstrap import find_ledger, open_local_ledger  # noqa: PLC0415  when the words are right
        from converge_cli.server.ledger_server import Listening, serve  # noqa: PLC0415

        local = open_local_ledger(find_ledger(Path.cwd(), url))

        def ready(address: str) -> None:
            sys.stderr.write(f"ledger: listening on {address}\n")
            sys.stderr.flush()

        try:
            served = serve(local, Listening(listen, tls_cert, tls_key, tls_ca), ready)
        finally:
            local.close()
        return Answer("stopped", 0, {"listened": served}, f"ledger: stopped; it listened on {served}")

    answering("ledger serve", work, as_json=as_json)


@contextmanager
def opened(url: str | None) -> "Iterator[Ledger]":
    """The ledger that was given or set, let go of at the end.

    Raises:
        ConvergeError: it names none, or a setting is wrong.
    """
    from converge_cli.bootstrap import find_ledger, open_ledger  # noqa: PLC0415  when the words are right

    found: Any = open_ledger(find_ledger(Path.cwd(), url))
    try:
        yield found
    finally:
        found.close()


def entry_data(entry: "LedgerEntry") -> dict[str, Any]:
    """An entry as data; the payload in base64."""
    import msgspec  # noqa: PLC0415

    data: dict[str, Any] = msgspec.to_builtins(entry)
    return data


def entry_row(entry: "LedgerEntry") -> tuple[str, str, str, str, str]:
    """An entry on one line for people."""
    text = entry.payload[: 4 * _SHOWN].decode("utf-8", "replace")
    return str(entry.sequence), entry.key, entry.id, entry.time, safe(text, _SHOWN)


def _mirrored(run: str, url: str | None) -> Answer:
    from converge_cli.app.ledger.mirror_run import mirror_run, mirrored_so_far  # noqa: PLC0415  when the words are right
    from converge_cli.app.record.recorded_run import find_row  # noqa: PLC0415
    from converge_cli.cli.here import services_here  # noqa: PLC0415

    services = services_here()
    name = find_row(services, run).run
    with opened(url) as ledger:
        before = reached = mirrored_so_far(ledger, name)
        for sequence in mirror_run(services.experience, ledger, name, before):
            reached = sequence
    data = {"run_id": name, "appended": reached - before, "mirrored": reached}
    return Answer("appended", 0, data, f"{name}  {reached - before} events appended, {reached} mirrored")


def _show_entries(console: "Console", entries: "tuple[LedgerEntry, ...]") -> None:
    from converge_cli.cli.page import Page  # noqa: PLC0415  only for people

    if not entries:
        Page(console).line("no entries")
    Page(console).rows([entry_row(entry) for entry in entries], header=("  seq", "key", "id", "time", "payload"))
