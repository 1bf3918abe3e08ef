"""`converge init`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from converge_cli.cli import options
from converge_cli.cli.output import Answer, answering

if TYPE_CHECKING:
    from rich.console import Console

app = options.app()


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where; this folder when left out.")] = Path(),
    dry_run: options.DryRun = False,
    as_json: options.Json = False,
) -> None:
    """Start a project: a truth that runs, its feature and pack, people, settings, a CI job. Overwrites nothing."""

    def work() -> Answer:
        from converge_cli.app.new.init_project import init_project  # noqa: PLC0415  when the words are right

        made = init_project(folder, dry_run=dry_run)
        outcome = "planned" if dry_run else "created"
        data = {"files": [str(path) for path in made.files], "kept": [str(path) for path in made.kept]}
        return Answer(outcome, 0, data, lambda console: _show(console, folder, data, dry_run))

    answering("init", work, as_json=as_json)


def _show(console: "Console", folder: Path, data: dict[str, list[str]], dry_run: bool) -> None:
    from converge_cli.cli.page import Page  # noqa: PLC0415  only for people

    page = Page(console)
    page.rows([(f"+ {file}",) for file in data["files"]])
    page.rows([(f"= {file}", "was there and stays; add .converge/ and __pycache__/") for file in data["kept"]])
    if dry_run:
        page.line("  nothing was written")
        return
    if folder != Path():
        page.line(f"  then   cd {folder}")
    page.line("  check  converge validate --strict --run")
    page.line("  run    converge run requests")
