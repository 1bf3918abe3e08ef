"""Services for a command that stands in the current folder and can't be left hanging by a pack."""

import sys
from dataclasses import replace
from pathlib import Path

from converge_cli._internal.process_exit import leave_now
from converge_cli.app.services import Services
from converge_cli.bootstrap import make_services
from converge_cli.cli.output import Mode, fail, stuck
from converge_cli.settings import load_settings


def services_here(*, throw_away: bool = False) -> Services:
    """The services of the current folder; a pack that can't be stopped ends the process, with 1.

    Args:
        throw_away: runs are kept in memory, so they are nobody's record.

    Raises:
        ConvergeError: a setting is wrong.
    """
    settings = load_settings(Path.cwd())
    if throw_away:
        settings = replace(settings, storage_backend="memory")
    return make_services(Path.cwd(), on_stuck=_give_up, settings=settings)


def _give_up(name: str) -> None:
    """From the watchdog's thread: the main thread is lost in the pack's code and will never come back."""
    try:
        fail(Mode.command, stuck(name), as_json=Mode.json)
    except SystemExit as leaving:
        sys.stderr.flush()
        leave_now(leaving.code if isinstance(leaving.code, int) else 1)
