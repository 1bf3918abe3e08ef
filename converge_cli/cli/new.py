"""What `truths new` and `packs new` share: the questions at a terminal, and the list of what was written."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from converge_cli.cli.output import Answer, UsageError
from converge_cli.core.errors import ConvergeError
from converge_cli.trace.sanitize import safe

if TYPE_CHECKING:
    from rich.console import Console

    from converge_cli.app.new.new_truth import Created


def ask(what: str, default: str, check: Callable[[str], None]) -> str:
    """A line from the person, or the default; asked again until it passes the check.

    Raises:
        UsageError: there are no more lines.
    """
    offered = f" [{safe(default)}]" if default else ""
    while True:
        sys.stderr.write(f"{what}{offered}: ")
        sys.stderr.flush()
        line = sys.stdin.readline()
        if not line:
            sys.stderr.write("\n")
            raise UsageError(f"no answer to: {what}", hint="give it on the command line", where=what)
        answer = line.strip() or default
        try:
            check(answer)
        except ConvergeError as error:
            sys.stderr.write(f"  {safe(error.message)}{f'; {safe(error.hint)}' if error.hint else ''}\n")
        else:
            return answer


def answer_created(created: "Created", *, dry_run: bool) -> Answer:
    """What was written, and what to do next."""
    from converge_cli.app.shown_path import shown  # noqa: PLC0415

    files = [shown(path, Path.cwd()) for path in created.files]
    data = {
        "key": created.key,
        "pack": created.pack,
        "copied_from": created.copied_from,
        "runs": created.runs,
        "files": files,
    }
    return Answer("planned" if dry_run else "created", 0, data, lambda console: _show(console, data, dry_run))


def _show(console: "Console", data: dict[str, Any], dry_run: bool) -> None:
    from converge_cli.cli.page import Page  # noqa: PLC0415  only for people

    page = Page(console)
    page.rows([(f"+ {file}",) for file in data["files"]])
    if data["copied_from"]:
        page.line(f"  begun as a copy of {data['copied_from']}")
    if dry_run:
        page.line("  nothing was written")
        return
    page.line("  edit   these files work as an example; change them to what the title says")
    page.line("  check  converge validate --strict --run")
    verb = "run  " if data["runs"] else "show "
    page.line(f"  {verb}  converge {'run' if data['runs'] else 'truths show'} {data['key']}")
