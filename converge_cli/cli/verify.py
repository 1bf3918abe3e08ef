"""`converge verify --ledger CONTEXT`."""

from typing import TYPE_CHECKING, Annotated

import typer

from converge_cli.cli import options
from converge_cli.cli.output import Answer, answering

if TYPE_CHECKING:
    from rich.console import Console

    from converge_cli.app.verify_ledger import VerifiedContext

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


@app.command()
def verify(
    context: Annotated[
        str, typer.Option("--ledger", metavar="CONTEXT", help="Verify this context: a run's id, or a name of your own.")
    ],
    url: Annotated[
        str | None,
        typer.Option("--at", metavar="URL", help="The ledger: a file, grpc://HOST:PORT or grpcs://HOST:PORT."),
    ] = None,
    head: Annotated[str | None, typer.Option(metavar="HASH", help="What the hash of the last entry must be.")] = None,
    entry: Annotated[
        str | None, typer.Option(metavar="ID", help="Also give the proof that this entry is under the root.")
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Verify a context of a ledger, by this reader alone: the ledger is not believed.

    Every entry must hash and follow the one before it. If it is a run recorded here, each mirrored event must be the
    recorded one. Ends with exit code 9 when anything is wrong. Ledgers are all that it verifies so far.
    """

    def work() -> Answer:
        import msgspec  # noqa: PLC0415

        from converge_cli.app.verify_ledger import verify_ledger  # noqa: PLC0415  when the words are right
        from converge_cli.cli.here import services_here  # noqa: PLC0415
        from converge_cli.cli.ledger import opened  # noqa: PLC0415

        experience = services_here().experience
        with opened(url) as ledger:
            verified = verify_ledger(ledger, experience, context, head=head, entry=entry)
        return Answer("verified", 0, msgspec.to_builtins(verified), lambda console: _show(console, verified))

    answering("verify", work, as_json=as_json)


def _show(console: "Console", verified: "VerifiedContext") -> None:
    from converge_cli.cli.page import Page  # noqa: PLC0415  only for people

    page = Page(console)
    authenticated = "" if verified.authenticated else "self-consistent, not authenticated: give --head"
    page.title("the chain holds", verified.context)
    record = {
        "none": "",
        "current": f"all {verified.recorded} events, as they were recorded",
        "lagging": f"{verified.mirrored} of {verified.recorded} events, as they were recorded: ledger: lagging",
    }[verified.record]
    pairs = [
        ("entries", str(verified.entries)),
        ("head", verified.head),
        ("root", verified.root),
        ("run", record),
        ("note", authenticated),
    ]
    page.pairs([(label, text) for label, text in pairs if text])
    if verified.proof is not None:
        page.section(f"proof of entry {verified.proof.index + 1}")
        page.rows([(str(number), item) for number, item in enumerate(verified.proof.hashes)])
