"""What `converge approve` and `converge reject` share."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from converge_cli.cli.exit_code import ExitCode
from converge_cli.cli.output import Answer, UsageError, answering
from converge_cli.core.approval import Decision

if TYPE_CHECKING:
    from rich.console import Console

    from converge_cli.app.decide_approval import DecisionAnswer
    from converge_cli.app.services import Services

Target = Annotated[str, typer.Argument(metavar="REQUEST|POINT|FACT", help="What to decide.")]
Who = Annotated[str, typer.Option("--as", metavar="PERSON", help="Who decides.")]
Reason = Annotated[str, typer.Option(metavar="TEXT", help="Why; it is recorded.")]
Everything = Annotated[bool, typer.Option("--all", help="Decide all pending requests of a point.")]


def decide(
    decision: Decision,
    run: str,
    target: str,
    who: str,
    reason: str,
    *,
    everything: bool,
    server: str | None,
    as_json: bool,
) -> None:
    """Record a decision and print what became of it: exit 0 accepted, 8 refused."""
    command = "approve" if decision == "approved" else "reject"

    def work() -> Answer:
        from converge_cli.cli.place import place_of  # noqa: PLC0415  when the words are right

        if not reason.strip():
            raise UsageError("a decision needs a reason", hint='--reason "why"', where="--reason")
        place = place_of(server)
        if place.client is not None:
            from converge_cli.cli.remote_decision import decide_remotely  # noqa: PLC0415  most decide here

            answer, data = decide_remotely(place, run, target, who, (decision, reason), everything=everything)
        else:
            answer, data = _decide_here(place.services, run, target, who, (decision, reason), everything=everything)
        if not as_json:
            place.say_where()
        code = ExitCode.DENIED if answer.refused else ExitCode.OK
        outcome = "refused" if answer.refused else decision
        return Answer(outcome, int(code), data, lambda console: _show(console, answer))

    answering(command, work, as_json=as_json)


def _decide_here(
    services: "Services", run: str, target: str, who: str, said: tuple[Decision, str], *, everything: bool
) -> "tuple[DecisionAnswer, dict[str, Any]]":
    from converge_cli.app.decide_approval import decide_approval  # noqa: PLC0415  when the words are right
    from converge_cli.app.result_data import decision_data  # noqa: PLC0415
    from converge_cli.cli.mirrored import ledger_word  # noqa: PLC0415
    from converge_cli.engine.decision import Statement  # noqa: PLC0415

    statement = Statement(*said, "interactive")
    answer = decide_approval(services, run, target, who, statement, everything=everything)
    data, word = decision_data(answer), ledger_word(services)
    return answer, data if word is None else {**data, "ledger": word}


def _show(console: "Console", answer: Any) -> None:
    from converge_cli.cli.page import Page  # noqa: PLC0415  only for people
    from converge_cli.trace.glyphs import glyph  # noqa: PLC0415

    page = Page(console)
    for item in answer.decisions:
        given = item.approval
        if item.code is None:
            page.line(f"{glyph('done')} {given.decision} by {given.by}   {given.request}")
        else:
            page.line(
                f"{glyph('rejected')} refused {item.code}   {given.by}: {item.detail} (recorded)   {given.request}"
            )
    for change in answer.people_changed:
        page.line(f"  people have changed since the run was driven: {change}")
    if answer.row.pending:
        left = answer.row.pending
        page.line(f"  {left} still {'waits' if left == 1 else 'wait'}   converge show {answer.row.run}")
    if not answer.refused:
        page.line(f"  then   converge resume {answer.row.run}")
