"""`converge packs list|show|new`."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from converge_cli.cli import options
from converge_cli.cli.output import Answer, UsageError, answering, at_terminal

if TYPE_CHECKING:
    from rich.console import Console

app = options.app()


@app.callback()
def packs() -> None:
    """List, show or begin packs."""


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


@app.command()
def new(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="Its name; asked for at a terminal when left out.")
    ] = None,
    description: Annotated[str | None, typer.Option(metavar="TEXT", help="What it decides.")] = None,
    truth: Annotated[
        str | None, typer.Option(metavar="NAME", help="Key of the truth that shows it at work; default its name.")
    ] = None,
    dry_run: options.DryRun = False,
    as_json: options.Json = False,
) -> None:
    """Begin a pack with one that works: manifest, fact models, a suggestor, a README, and a truth that uses it.

    Without NAME, at a terminal, it asks. Nothing is ever overwritten.
    """

    def work() -> Answer:
        from converge_cli.app.new import starter  # noqa: PLC0415  when the words are right
        from converge_cli.app.new.new_pack import new_pack  # noqa: PLC0415
        from converge_cli.cli.here import services_here  # noqa: PLC0415
        from converge_cli.cli.new import answer_created, ask  # noqa: PLC0415

        called, decides, key = name, description, truth
        if called is None:
            if as_json or not at_terminal():
                raise UsageError("no NAME", hint="converge packs new NAME", where="NAME")
            called = ask("name", "", starter.check_pack_name)
            decides = decides or ask(
                "what it decides", starter.DESCRIPTION, lambda text: starter.check_text("description", text)
            )
            key = key or ask("key of the truth that shows it", starter.key_for(called), starter.check_key)
        made = new_pack(services_here(), called, truth=key, description=decides, dry_run=dry_run)
        return answer_created(made, dry_run=dry_run)

    answering("packs new", work, as_json=as_json)


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
    page.rows([(kind, _fields(fields)) for kind, fields in data["kinds"].items()])
    page.section("parameters")
    page.rows([(name, item["type"], _default(item)) for name, item in data["parameters"].items()])
    page.section("models inside them")
    page.rows([(name, _fields(fields)) for name, fields in data["models"].items()])
    page.section("steps")
    page.rows([(sentence,) for sentence in data["steps"]])
    page.section("gates")
    page.rows(
        [
            (
                gate["resource_kind"] + "." + gate["action"],
                "on "
                + " and ".join((gate["on"], *(f"{name} is {word}" for name, word in gate.get("when", {}).items()))),
                "requires " + (", ".join(gate.get("requires", [])) or "nothing"),
            )
            for gate in data["gates"]
        ]
    )


def _fields(fields: dict[str, str]) -> str:
    return ", ".join(f"{name} {word}" for name, word in fields.items())


def _default(item: dict[str, Any]) -> str:
    from converge_cli._internal.canonical_json import encode  # noqa: PLC0415

    return "a truth must set it" if item["required"] else f"default {encode(item['default']).decode()}"
