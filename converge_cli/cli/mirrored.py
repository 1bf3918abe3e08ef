"""Whether the ledger has what a command recorded: told on stderr when not. Must never change what a command came to."""

import shlex
import sys

from converge_cli.app.services import Services


def ledger_word(services: Services) -> str | None:
    """`current` or `lagging`, after the mirror had its moment; None where nothing was to be mirrored."""
    mirror = services.mirror
    if mirror is None or not mirror.told:
        return None
    report = mirror.finish()
    if report.lagging:
        from converge_cli.trace.sanitize import safe  # noqa: PLC0415  only when there is something to tell

        sys.stderr.write(
            f"ledger: lagging  {safe(mirror.name)}: {safe(report.reason)}\n"
            f"  next   converge ledger append --run {report.run} --ledger {safe(mirror.name)}\n"
        )
    elif mirror.alone and mirror.paused():
        from converge_cli.trace.sanitize import safe  # noqa: PLC0415

        sys.stderr.write(
            f"ledger: {safe(mirror.name)} has this part of the run; decisions and other commands will not add to it\n"
            f"  next   export CONVERGE_LEDGER={shlex.quote(mirror.name)}, or write it as ledger: into converge.yaml\n"
        )
    return report.word
