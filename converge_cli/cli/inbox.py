"""`converge inbox`."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from converge_cli.cli import options
from converge_cli.cli.output import Answer, answering, unreadable_outcome

if TYPE_CHECKING:
    from rich.console import Console

    from converge_cli.app.inbox import Inbox, Waiting

app = options.app()


@app.command()
def inbox(
    who: Annotated[str | None, typer.Option("--as", metavar="PERSON", help="Only what this person may decide.")] = None,
    role: Annotated[str | None, typer.Option("--role", metavar="ROLE", help="Only what this role decides.")] = None,
    server: options.Server = None,
    as_json: options.Json = False,
) -> None:
    """List what waits for a person, across all runs, the most urgent first.

    What nobody decided in time is settled then: rejected, or handed to the role that it escalates to.
    """

    def work() -> Answer:
        from converge_cli.app.inbox import inbox as look  # noqa: PLC0415  when the words are right
        from converge_cli.app.inbox_data import inbox_data  # noqa: PLC0415
        from converge_cli.cli.mirrored import ledger_word  # noqa: PLC0415
        from converge_cli.cli.place import place_of  # noqa: PLC0415

        place = place_of(server)
        services = place.services
        if place.client is not None:
            from converge_cli.cli.remote_inbox import inbox_at  # noqa: PLC0415  most look here

            found, data = inbox_at(place, who=who, role=role)
            if not as_json:
                place.say_where()
            return _answer(found, data, who)
        found = look(services, who=who, role=role)
        data, word = inbox_data(found), ledger_word(services)
        if word is not None:
            data["ledger"] = word
        return _answer(found, data, who)

    answering("inbox", work, as_json=as_json)


def _answer(found: "Inbox", data: dict[str, Any], who: str | None) -> Answer:
    outcome, code = unreadable_outcome("listed", found.unreadable)
    return Answer(outcome, code, data, lambda console: _show(console, found, who or "WHO"))


def _show(console: "Console", found: "Inbox", who: str) -> None:
    from converge_cli.cli.local_zone import local_zone  # noqa: PLC0415
    from converge_cli.cli.page import Page  # noqa: PLC0415  only for people
    from converge_cli.trace.glyphs import glyph  # noqa: PLC0415
    from converge_cli.trace.prompt_panel import until_words, why_words  # noqa: PLC0415

    page = Page(console)
    if not found.waiting:
        page.line("nothing waits for a person" if who == "WHO" else f"nothing waits for {who}")
    for item in found.waiting:
        request = item.request
        page.line(f"{glyph('parked')} {request.id}")
        page.pairs(
            [
                ("what", _what(item)),
                *(("why", reason) for reason in why_words(request)),
                ("who", _who(item)),
                *([("until", until_words(request, local_zone()))] if request.until else []),
                ("truth", item.row.title),
            ]
        )
        # Named by the request, so that a yes is for exactly what stands here.
        page.line(f"  decide  converge approve {item.row.run} {request.id} --as {who} --reason TEXT")
        page.line(f"          converge reject {item.row.run} {request.id} --as {who} --reason TEXT")
    for row in found.ready:
        page.line(f"{glyph('ready')} {row.run}  {row.truth}: everything is decided   converge resume {row.run}")
    for error in found.unreadable:
        page.line(f"{glyph('failed')} {error.message}")


def _what(item: "Waiting") -> str:
    from converge_cli.trace.one_line import whole_content  # noqa: PLC0415

    request = item.request
    return f"{request.key} {request.fact} {whole_content(bytes(request.content), 400)}"


def _who(item: "Waiting") -> str:
    from converge_cli.trace.wording import who_words  # noqa: PLC0415

    given = ", ".join(approval.by for approval in item.given)
    return who_words(item.request, item.people) + (f"; {given} said yes" if given else "")
