"""`converge init`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from converge_cli.cli import options
from converge_cli.cli.output import Answer, answering

if TYPE_CHECKING:
    from rich.console import Console

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where; this folder when left out.")] = Path(),
    as_json: options.Json = False,
) -> None:
    """Start a project: a truth that runs, its feature and pack, people, settings, a CI job. Overwrites nothing."""

    def work() -> Answer:
        from converge_cli.app.init_project import init_project  # noqa: PLC0415  when the words are right

        files = init_project(folder)
        shown = [str(path) for path in files]
        return Answer("created", 0, {"files": shown}, lambda console: _show(console, folder, shown))

    answering("init", work, as_json=as_json)


def _show(console: "Console", folder: Path, files: list[str]) -> None:
    from converge_cli.cli.page import Page  # noqa: PLC0415  only for people

    page = Page(console)
    page.rows([(f"+ {file}",) for file in files])
    if folder != Path():
        page.line(f"  then   cd {folder}")
    page.line("  check  converge validate")
    page.line("  run    converge run requests")
