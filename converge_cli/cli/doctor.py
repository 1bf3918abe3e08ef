"""`converge doctor`."""

from typing import TYPE_CHECKING

from converge_cli.cli import options
from converge_cli.cli.output import Answer, answering

if TYPE_CHECKING:
    from rich.console import Console

    from converge_cli.app.doctor import Check

app = options.app()


@app.command()
def doctor(as_json: options.Json = False) -> None:
    """Check that this installation works: libraries, store, recorded runs, policy engine, truths, packs."""

    def work() -> Answer:
        from dataclasses import asdict  # noqa: PLC0415  imported when the words are right

        from converge_cli.app.doctor import examine  # noqa: PLC0415
        from converge_cli.bootstrap import policy_self_test  # noqa: PLC0415
        from converge_cli.cli.here import services_here  # noqa: PLC0415

        checks = examine(services_here(), policy_self_test)
        well = all(check.ok for check in checks)
        data = {"checks": [asdict(check) for check in checks]}
        return Answer("well" if well else "unwell", 0 if well else 1, data, lambda console: _show(console, checks))

    answering("doctor", work, as_json=as_json)


def _show(console: "Console", checks: list["Check"]) -> None:
    from converge_cli.cli.page import Page  # noqa: PLC0415  only for people
    from converge_cli.trace.glyphs import glyph  # noqa: PLC0415

    Page(console).rows([(f"{glyph('done' if check.ok else 'failed')} {check.name}", check.detail) for check in checks])
