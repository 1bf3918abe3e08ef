"""`converge steps`."""

from typing import TYPE_CHECKING, Any

from converge_cli.cli import options
from converge_cli.cli.output import Answer, answering

if TYPE_CHECKING:
    from rich.console import Console

app = options.app()


@app.command()
def steps(as_json: options.Json = False) -> None:
    """List every sentence that a feature or truth may use, those of packs included.

    With --json for editors: the sentence, its keyword, what may stand in each of its places, and what hangs below it.
    """

    def work() -> Answer:
        from converge_cli.app.list_steps import list_steps  # noqa: PLC0415  imported when the words are right
        from converge_cli.cli.here import services_here  # noqa: PLC0415

        rows = list_steps(services_here())
        return Answer("listed", 0, {"steps": rows}, lambda console: _show(console, rows))

    answering("steps", work, as_json=as_json)


def _show(console: "Console", rows: list[dict[str, Any]]) -> None:
    from converge_cli.cli.page import Page  # noqa: PLC0415  only for people

    page = Page(console)
    for heading in dict.fromkeys(_heading(row) for row in rows):
        page.section(heading)
        page.rows([(row["keyword"] or "any", _sentence(row)) for row in rows if _heading(row) == heading])
    page.section("what stands in their places")
    page.rows(_legend(rows))


def _legend(rows: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """The places that have a name of their own; the others are named by what they are."""
    found: dict[str, str] = {}
    for place in (place for row in rows for place in row["places"]):
        if place["written"].isupper() and "," not in place["written"]:
            found.setdefault(place["written"], place["is"])
    return list(found.items())


def _heading(row: dict[str, Any]) -> str:
    return f"pack {row['pack']}" if row["pack"] else str(row["belongs"])


def _sentence(row: dict[str, Any]) -> str:
    below = f"    <- a {row['below']} below" if row["below"] else ""
    return f"{row['sentence']}{below}"
