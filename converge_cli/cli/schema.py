"""`converge schema`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from converge_cli.cli import options
from converge_cli.cli.output import Answer, UsageError, answering

if TYPE_CHECKING:
    from rich.console import Console

app = options.app()


@app.command()
def schema(
    file: Annotated[
        Literal["truth", "wiring", "pack", "people", "converge"] | None,
        typer.Argument(metavar="truth|wiring|pack|people|converge", help="Which file; all of them with --out."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write <name>.json there instead; a project has .schemas/.")
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Print the JSON Schema of truth.yaml, wiring.yaml, pack.yaml, people.yaml or converge.yaml.

    A project has all of them in .schemas/, and the first line of its YAML files leads an editor there.
    """

    def work() -> Answer:
        from converge_cli.app.json_schemas import NAMES, schema_of, schema_text, write_schemas  # noqa: PLC0415

        if out is not None:
            written = [str(path) for path in write_schemas(out, (file,) if file else NAMES)]
            return Answer("written", 0, {"files": written}, lambda console: _show(console, written))
        if file is None:
            raise UsageError("no file", hint="converge schema truth, or converge schema --out .schemas", where="FILE")
        data: dict[str, Any] = {"name": file, "schema": schema_of(file)}
        return Answer("shown", 0, data, lambda console: print(schema_text(file), end="", file=console.file))

    answering("schema", work, as_json=as_json)


def _show(console: "Console", written: list[str]) -> None:
    from converge_cli.cli.page import Page  # noqa: PLC0415  only for people

    Page(console).rows([(f"+ {path}",) for path in written])
