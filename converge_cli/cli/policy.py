"""`converge policy decide|check|test`."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from converge_cli.cli import options
from converge_cli.cli.exit_code import ExitCode
from converge_cli.cli.output import Answer, UsageError, answering

if TYPE_CHECKING:
    from rich.console import Console

    from converge_cli.truth.source import Source

app = options.app()

_CODES = {"PROMOTE": ExitCode.OK, "ESCALATE": ExitCode.HUMAN, "REJECT": ExitCode.DENIED}
_SomePack = Annotated[str | None, typer.Argument(metavar="[PACK]", help="The pack's name; all packs when left out.")]


@app.callback()
def policy() -> None:
    """Ask, check or test the policies of packs."""


@app.command()
def decide(
    pack: Annotated[str, typer.Argument(metavar="PACK", help="The pack's name.")],
    request: Annotated[
        str,
        typer.Argument(
            metavar="REQUEST.json",
            help="A file with principal, resource, action and context; - reads standard input.",
        ),
    ],
    as_json: options.Json = False,
) -> None:
    """Ask a pack's policy one question, as its gate for that resource kind and action would.

    Nothing runs. The principal is taken as given, required_gates_met is computed from gates_passed. What is missing or
    of another type is refused. Ends with exit code 0 (PROMOTE), 4 (ESCALATE) or 8 (REJECT).
    """

    def work() -> Answer:
        from converge_cli.app.policy.decide_policy import decide_policy  # noqa: PLC0415  when the words are right
        from converge_cli.cli.here import services_here  # noqa: PLC0415

        decided = decide_policy(services_here(), pack, _source(request))

        def show(console: "Console") -> None:
            from converge_cli.cli.policy_page import show_decided  # noqa: PLC0415  only for people

            show_decided(console, decided)

        outcome = decided.decision.outcome
        return Answer(outcome, int(_CODES[outcome]), decided.data(), show)

    answering("policy decide", work, as_json=as_json)


@app.command()
def check(pack: _SomePack = None, as_json: options.Json = False) -> None:
    """Check policies: they are valid, every rule changes something, somebody among the people can pass every gate.

    Ends with exit code 1 on an error; a rule that changes nothing is a warning. What is told rests on requests that
    were put to the rules: every value that they name, and those beside it.
    """

    def work() -> Answer:
        from converge_cli.app.policy.check_policy import check_policies  # noqa: PLC0415  when the words are right
        from converge_cli.cli.here import services_here  # noqa: PLC0415

        checked = check_policies(services_here(), pack)

        def show(console: "Console") -> None:
            from converge_cli.cli.policy_page import show_checked  # noqa: PLC0415  only for people

            show_checked(console, checked)

        failed = checked.validation.errors > 0
        return Answer("findings" if failed else "clean", 1 if failed else 0, checked.data(), show)

    answering("policy check", work, as_json=as_json)


@app.command("test")
def try_tables(pack: _SomePack = None, as_json: options.Json = False) -> None:
    """Put the tables of packs/<name>/policy/tests to the policy: each request must come to what its table says.

    Rules that no request decides are told. Ends with exit code 1 when a request comes to something else.
    """

    def work() -> Answer:
        from converge_cli.app.policy.try_policy import try_policies  # noqa: PLC0415  when the words are right
        from converge_cli.cli.here import services_here  # noqa: PLC0415

        tried = try_policies(services_here(), pack)

        def show(console: "Console") -> None:
            from converge_cli.cli.policy_page import show_tried  # noqa: PLC0415  only for people

            show_tried(console, tried)

        failed = any(item.failed for item in tried)
        data = {"packs": [item.data() for item in tried]}
        return Answer("failed" if failed else "passed", 1 if failed else 0, data, show)

    answering("policy test", work, as_json=as_json)


def _source(request: str) -> "Source":
    """The bytes of a request, from a file or standard input."""
    from pathlib import Path  # noqa: PLC0415

    from converge_cli.truth.files import read_source  # noqa: PLC0415
    from converge_cli.truth.source import MAX_TEXT, Source  # noqa: PLC0415

    if request != "-":
        return read_source(Path(request), request)
    if sys.stdin.isatty():
        raise UsageError("the request comes from standard input", hint="pipe it in, or name a file", where="REQUEST")
    return Source("standard input", sys.stdin.buffer.read(MAX_TEXT + 1))
