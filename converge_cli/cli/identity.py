"""`converge identity new|list`."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from converge_cli.cli import options
from converge_cli.cli.output import Answer, answering

if TYPE_CHECKING:
    from rich.console import Console

app = options.app()


@app.callback()
def identity() -> None:
    """Make and list the keys that decisions and receipts are signed with."""


@app.command()
def new(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The person's id in people.yaml.")],
    as_json: options.Json = False,
) -> None:
    """Make an Ed25519 key of a person, and print its public half for people.yaml.

    The private key stays in a file that only you may read: in CONVERGE_IDENTITY_PATH, else converge/identities of the
    configuration folder. From then on decisions that NAME gives here are signed; once people.yaml has the public_key,
    others are refused.
    """

    def work() -> Answer:
        from converge_cli.app.identity import new_identity  # noqa: PLC0415  when the words are right
        from converge_cli.cli.here import services_here  # noqa: PLC0415

        made = new_identity(services_here().identities, name)
        return Answer("made", 0, _data(made), lambda console: _show_new(console, made))

    answering("identity new", work, as_json=as_json)


@app.command("list")
def list_identities(as_json: options.Json = False) -> None:
    """List the keys here, with their public halves."""

    def work() -> Answer:
        from converge_cli.app.identity import identities  # noqa: PLC0415  when the words are right
        from converge_cli.cli.here import services_here  # noqa: PLC0415

        found = identities(services_here().identities)
        return Answer(
            "listed", 0, {"identities": [_data(item) for item in found]}, lambda console: _show(console, found)
        )

    answering("identity list", work, as_json=as_json)


def _data(item: Any) -> dict[str, str]:
    return {"name": item.name, "public_key": item.public_key, "file": str(item.file)}


def _show_new(console: "Console", made: Any) -> None:
    from converge_cli.cli.page import Page  # noqa: PLC0415  only for people
    from converge_cli.trace.glyphs import glyph  # noqa: PLC0415

    page = Page(console)
    page.line(f"{glyph('done')} a key of {made.name}, in {made.file}")
    page.line("  its public half, for people.yaml:")
    page.line(f"  public_key: {made.public_key}")


def _show(console: "Console", found: Any) -> None:
    from converge_cli.cli.page import Page  # noqa: PLC0415  only for people

    page = Page(console)
    if not found:
        page.line("no keys here   converge identity new NAME")
    page.rows([(item.name, item.public_key) for item in found])
