"""`converge receipt`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from converge_cli.cli import options
from converge_cli.cli.output import Answer, UsageError, answering

if TYPE_CHECKING:
    from rich.console import Console

app = options.app()


@app.command()
def receipt(
    run: options.Run,
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE", help="Where to write it.")],
    embed: Annotated[
        bool, typer.Option("--embed", help="Put the bytes of the inputs in, not only their SHA-256.")
    ] = False,
    inputs: Annotated[
        list[str] | None,
        typer.Option("--input", metavar="NAME=PATH", help="With --embed: where an input's file is now. Repeatable."),
    ] = None,
    signer: Annotated[
        str | None,
        typer.Option("--sign", metavar="IDENTITY", help="Sign with this key, instead of with the only one here."),
    ] = None,
    unsigned: Annotated[bool, typer.Option("--unsigned", help="Sign with none.")] = False,
    server: options.Server = None,
    as_json: options.Json = False,
) -> None:
    """Write the receipt of a run: one file that proves it to whoever has nothing but the file.

    It holds every event, the truth and its policy, facts with where they came from, decisions, and what became of each
    clause. converge verify FILE checks it anywhere; signed with --key, else with the --head that is printed here.
    """

    def work() -> Answer:
        from converge_cli.app.record.write_receipt import (  # noqa: PLC0415  when the words are right
            choose_signer,
            make_receipt,
            sign_receipt,
            write_file,
        )
        from converge_cli.cli.place import place_of  # noqa: PLC0415

        if unsigned and signer is not None:
            raise UsageError("--unsigned and --sign exclude each other", where="--unsigned")
        if inputs and not embed:
            raise UsageError("--input says where the bytes for --embed are", hint="add --embed", where="--input")
        services = place_of(server).services
        chosen = None if unsigned else choose_signer(services.identities, signer)
        made = sign_receipt(make_receipt(services, run, embed=embed, inputs=options.input_paths(inputs)), chosen)
        write_file(out, made.data)
        data = {
            "run_id": made.run,
            "file": str(out),
            "bytes": len(made.data),
            "events": made.events,
            "head": made.head,
            "signed_by": None if chosen is None else {"name": chosen.name, "public_key": chosen.public_key},
        }
        return Answer("written", 0, data, lambda console: _show(console, data))

    answering("receipt", work, as_json=as_json)


def _show(console: "Console", data: dict[str, Any]) -> None:
    from converge_cli.cli.page import Page  # noqa: PLC0415  only for people
    from converge_cli.trace.glyphs import glyph  # noqa: PLC0415

    page, signed = Page(console), data["signed_by"]
    page.line(
        f"{glyph('done')} {data['file']}   {data['events']} events of run {data['run_id']}, {data['bytes']:,} bytes"
    )
    page.line(f"  signed   {signed['name']} {signed['public_key']}" if signed else "  signed   by nobody")
    page.line(f"  head     {data['head']}")
    proof = f"--key {signed['public_key']}" if signed else f"--head {data['head']}"
    page.line(f"  verify   converge verify {data['file']} {proof}")
