"""`converge truths list|show|new|compile`."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from converge_cli.cli import options
from converge_cli.cli.output import Answer, UsageError, answering

if TYPE_CHECKING:
    from rich.console import Console

    from converge_cli.app.new_truth import NewTruth

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


@app.callback()
def truths() -> None:
    """List, show, begin or compile truths."""


@app.command("list")
def list_truths(as_json: options.Json = False) -> None:
    """List the truths of this project and the shipped ones."""

    def work() -> Answer:
        from converge_cli.app.list_truths import list_truths as listed  # noqa: PLC0415  when the words are right
        from converge_cli.cli.here import services_here  # noqa: PLC0415

        rows = listed(services_here())
        return Answer("listed", 0, {"truths": rows}, lambda console: _show_list(console, rows))

    answering("truths list", work, as_json=as_json)


@app.command()
def show(truth: options.Truth, as_json: options.Json = False) -> None:
    """Show a truth as a page: its job, clauses and what keeps each, criteria, checks, approvals, examples."""

    def work() -> Answer:
        from converge_cli.app.show_truth import show_truth  # noqa: PLC0415  when the words are right
        from converge_cli.cli.here import services_here  # noqa: PLC0415

        data = show_truth(services_here(), truth)
        return Answer("shown", 0, data, lambda console: _show(console, data))

    answering("truths show", work, as_json=as_json)


@app.command()
def new(
    key: Annotated[
        str | None, typer.Argument(metavar="[KEY]", help="Its key; asked for at a terminal when left out.")
    ] = None,
    title: Annotated[str | None, typer.Option(metavar="TEXT", help="What will be true.")] = None,
    pack: Annotated[
        str | None,
        typer.Option(
            metavar="PACK", help="A pack that is there: begin as a truth that uses it. Else the name of a new one."
        ),
    ] = None,
    dry_run: options.DryRun = False,
    as_json: options.Json = False,
) -> None:
    """Begin a truth with one that works: contract, feature, input, and its own pack unless --pack names one.

    Without KEY, at a terminal, it asks. Nothing is ever overwritten.
    """

    def work() -> Answer:
        from converge_cli.app.new_truth import NewTruth, new_truth  # noqa: PLC0415  when the words are right
        from converge_cli.cli.here import services_here  # noqa: PLC0415
        from converge_cli.cli.new import answer_created, may_ask  # noqa: PLC0415

        wanted = NewTruth(key or "", title, pack)
        if key is None:
            if not may_ask(as_json=as_json):
                raise UsageError("no KEY", hint="converge truths new KEY", where="KEY")
            wanted = _ask(wanted)
        return answer_created(new_truth(services_here(), wanted, dry_run=dry_run), dry_run=dry_run)

    answering("truths new", work, as_json=as_json)


def _ask(given: "NewTruth") -> "NewTruth":
    """Ask for what was not given."""
    from converge_cli.app import starter  # noqa: PLC0415  only at a terminal
    from converge_cli.app.new_truth import NewTruth  # noqa: PLC0415
    from converge_cli.cli.new import ask  # noqa: PLC0415

    key = ask("key", "", starter.check_key)
    title = given.title or ask("title", starter.TITLE, lambda text: starter.check_text("title", text))
    pack = given.pack or ask(
        "pack (one that is there, or a new one)", starter.pack_name_for(key), starter.check_pack_name
    )
    return NewTruth(key, title, pack)


@app.command()
def compile(truth: options.Truth, as_json: options.Json = False) -> None:  # noqa: A001  the command's name
    """Print the compiled job: plain data, byte for byte the same each time."""

    def work() -> Answer:
        import msgspec  # noqa: PLC0415

        from converge_cli._internal.canonical_json import encode  # noqa: PLC0415
        from converge_cli.app.load_truth import load_truth  # noqa: PLC0415
        from converge_cli.cli.here import services_here  # noqa: PLC0415

        job = load_truth(services_here(), truth).job
        data = msgspec.to_builtins(job)
        text = msgspec.json.format(encode(job), indent=2).decode()
        return Answer("compiled", 0, data, lambda console: print(text, file=console.file))

    answering("truths compile", work, as_json=as_json)


def _show_list(console: "Console", rows: list[dict[str, Any]]) -> None:
    from converge_cli.cli.page import Page  # noqa: PLC0415  only for people

    Page(console).rows(
        [(row["key"], row["kind"], row["title"], row["from"]) for row in rows],
        header=("  truth", "kind", "what is true of it", "from"),
    )


def _show(console: "Console", data: dict[str, Any]) -> None:
    from converge_cli.cli.truth_page import show_truth_page  # noqa: PLC0415  only for people

    show_truth_page(console, data)
