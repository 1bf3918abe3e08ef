"""`converge packs list|show`."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from converge_cli.cli import options
from converge_cli.cli.output import Answer, answering

if TYPE_CHECKING:
    from rich.console import Console

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


@app.callback()
def packs() -> None:
    """List or show packs."""


@app.command("list")
def list_packs(as_json: options.Json = False) -> None:
    """List the packs of this project, the installed ones and the shipped ones."""

    def work() -> Answer:
        from converge_cli.app.show_pack import list_packs as listed  # noqa: PLC0415  when the words are right
        from converge_cli.cli.here import services_here  # noqa: PLC0415

        rows = listed(services_here())
        return Answer("listed", 0, {"packs": rows}, lambda console: _show_list(console, rows))

    answering("packs list", work, as_json=as_json)


@app.command()
def show(
    pack: Annotated[str, typer.Argument(metavar="PACK", help="The pack's name.")],
    as_json: options.Json = False,
) -> None:
    """Show what a pack declares: suggestors, kinds, parameters, gates."""

    def work() -> Answer:
        from converge_cli.app.show_pack import show_pack  # noqa: PLC0415  when the words are right
        from converge_cli.cli.here import services_here  # noqa: PLC0415

        data = show_pack(services_here(), pack)
        return Answer("shown", 0, data, lambda console: _show(console, data))

    answering("packs show", work, as_json=as_json)


def _show_list(console: "Console", rows: list[dict[str, Any]]) -> None:
    from converge_cli.cli.page import Page  # noqa: PLC0415  only for people

    Page(console).rows(
        [(row["name"], row["version"], row["description"]) for row in rows], header=("  pack", "version", "decides")
    )


def _show(console: "Console", data: dict[str, Any]) -> None:
    from converge_cli.cli.page import Page  # noqa: PLC0415  only for people

    page = Page(console)
    page.title(data["description"], f"{data['name']} {data['version']}")
    page.pairs([("folder", data["folder"]), ("digest", data["digest"])])
    page.section("suggestors")
    page.rows(
        [
            (item["name"], "reads " + (", ".join(item["reads"]) or "nothing"), "writes " + ", ".join(item["writes"]))
            for item in data["suggestors"]
        ]
    )
    page.section("kinds")
    page.rows(
        [
            (kind, ", ".join(f"{name} {type_}" for name, type_ in fields.items()))
            for kind, fields in data["kinds"].items()
        ]
    )
    page.section("parameters")
    page.rows(list(data["parameters"].items()))
    page.section("gates")
    page.rows(
        [
            (
                gate["resource_kind"] + "." + gate["action"],
                f"on {gate['on']}",
                "requires " + ", ".join(gate.get("requires", [])),
            )
            for gate in data["gates"]
        ]
    )
