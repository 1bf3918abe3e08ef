"""`converge verify FILE...`, `converge verify --ledger CONTEXT`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from converge_cli.cli import options
from converge_cli.cli.output import Answer, UsageError, answering

if TYPE_CHECKING:
    from rich.console import Console

    from converge_cli.app.ledger.verify_ledger import VerifiedContext

app = options.app()


@app.command()
def verify(
    files: Annotated[list[Path] | None, typer.Argument(metavar="FILE...", help="Receipts.")] = None,
    key: Annotated[
        str | None, typer.Option(metavar="PUB", help="The public key, or its file, that must have signed them.")
    ] = None,
    head: Annotated[str | None, typer.Option(metavar="HASH", help="What the hash of the last event must be.")] = None,
    script: Annotated[
        bool, typer.Option("--script", help="Print a verifier of receipts that needs Python and nothing else.")
    ] = False,
    context: Annotated[
        str | None,
        typer.Option("--ledger", metavar="CONTEXT", help="Verify this context of a ledger: a run's id, or your own."),
    ] = None,
    url: Annotated[
        str | None,
        typer.Option("--at", metavar="URL", help="The ledger: a file, grpc://HOST:PORT or grpcs://HOST:PORT."),
    ] = None,
    entry: Annotated[
        str | None, typer.Option(metavar="ID", help="Also give the proof that this ledger entry is under the root.")
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Verify receipts by their bytes alone, or a context of a ledger by this reader alone. Nothing is believed.

    A receipt must be exactly what its own events, materials and facts give. With --key or --head it must also be
    genuine; with neither the answer is "self-consistent, not authenticated". Of several receipts none may tell the
    same run differently, or spend an approval a second time. In a ledger every entry must hash and follow the one
    before it, and be the recorded event if the run is recorded here.
    """
    given = files or []

    def work() -> Answer:
        chosen = (bool(given), context is not None, script)
        if sum(chosen) != 1:
            raise UsageError("verify what?", hint="converge verify FILE, --ledger CONTEXT, or --script", where="FILE")
        if context is None and (url is not None or entry is not None):
            raise UsageError("--at and --entry belong to --ledger", hint="--ledger CONTEXT", where="--ledger")
        if not given and key is not None:
            raise UsageError("--key belongs to receipts", hint="converge verify FILE --key PUB", where="--key")
        if head is not None and (len(given) > 1 or script):
            raise UsageError("--head is that of one receipt or context", hint="verify them one by one", where="--head")
        if script:
            return _script()
        if context is not None:
            return _of_ledger(context, url, head, entry)
        return _of_receipts(given, key, head)

    answering("verify", work, as_json=as_json)


def _of_receipts(files: list[Path], key: str | None, head: str | None) -> Answer:
    from converge_cli.app.record.verify_receipt import (  # noqa: PLC0415  when the words are right
        check_pairs,
        read_key,
        read_receipt,
        verify_receipt,
    )
    from converge_cli.cli.receipt_page import NOT_AUTHENTICATED, show_receipts  # noqa: PLC0415

    public = None if key is None else read_key(key)
    receipts = tuple(verify_receipt(str(file), read_receipt(file), key=public, head=head) for file in files)
    check_pairs(receipts)
    outcome = "authenticated" if receipts[0].authenticated else NOT_AUTHENTICATED
    data = {"receipts": [_data(item) for item in receipts]}
    return Answer(outcome, 0, data, lambda console: show_receipts(console, receipts))


def _data(receipt: Any) -> dict[str, Any]:
    told = receipt.told
    return {
        "file": receipt.name,
        "authenticated": receipt.authenticated,
        "signed_by": receipt.signed_by,
        "run_id": told["run"]["run"],
        "truth": told["run"]["truth"],
        "outcome": told["outcome"],
        "rejections": told["rejections"],
        "law": told["law"],
        "approvals": told["approvals"],
        "events": told["events"]["count"],
        "facts": len(told["facts"]),
        "head": told["events"]["head"],
    }


def _script() -> Answer:
    import converge_cli  # noqa: PLC0415

    text = (Path(converge_cli.__file__).parent / "converge_verify.py").read_text(encoding="utf-8")
    return Answer("shown", 0, {"script": text}, text.rstrip("\n"))


def _of_ledger(context: str, url: str | None, head: str | None, entry: str | None) -> Answer:
    import msgspec  # noqa: PLC0415

    from converge_cli.app.ledger.verify_ledger import verify_ledger  # noqa: PLC0415  when the words are right
    from converge_cli.cli.here import services_here  # noqa: PLC0415
    from converge_cli.cli.ledger import opened  # noqa: PLC0415

    experience = services_here().experience
    with opened(url) as ledger:
        verified = verify_ledger(ledger, experience, context, head=head, entry=entry)
    return Answer("verified", 0, msgspec.to_builtins(verified), lambda console: _show_ledger(console, verified))


def _show_ledger(console: "Console", verified: "VerifiedContext") -> None:
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
