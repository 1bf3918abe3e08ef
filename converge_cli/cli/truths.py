"""`converge truths list|show|new|compile`."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from converge_cli.cli import options
from converge_cli.cli.output import Answer, answering

if TYPE_CHECKING:
    from rich.console import Console


app = options.app()


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
    kind: Annotated[
        str | None, typer.Option(metavar="job|policy|invariant", help="A job (the default), or what holds in jobs.")
    ] = None,
    title: Annotated[str | None, typer.Option(metavar="TEXT", help="What will be true.")] = None,
    pack: Annotated[
        str | None,
        typer.Option(
            metavar="PACK",
            help="Job: one that is there, to begin as a truth that uses it, or the name of a new one. "
            "Invariant: the pack that it is about.",
        ),
    ] = None,
    job: Annotated[str | None, typer.Option("--for", metavar="KEY", help="Policy: the job that it applies to.")] = None,
    dry_run: options.DryRun = False,
    as_json: options.Json = False,
) -> None:
    """Begin a truth with one that works: contract, feature, input; a job also with its pack, unless --pack is there.

    Without KEY, at a terminal, it asks. Nothing is ever overwritten.
    """

    def work() -> Answer:
        from converge_cli.cli.new_truth import created_truth, wanted_truth  # noqa: PLC0415  when the words are right

        wanted = wanted_truth(key, kind, title, pack, job, may_ask=not as_json)
        return created_truth(wanted, dry_run=dry_run)

    answering("truths new", work, as_json=as_json)


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
