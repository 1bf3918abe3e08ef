"""`converge validate`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from converge_cli.cli import options
from converge_cli.cli.output import Answer, UsageError, answering, error_data

if TYPE_CHECKING:
    from rich.console import Console

    from converge_cli.app.validate_truths import Validation

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


@app.command()
def validate(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[PATHS]...", help="Truths, features or folders; the project when left out."),
    ] = None,
    fail_on: Annotated[
        str, typer.Option("--fail-on", metavar="error|warning", help="What ends with code 1.")
    ] = "error",
    output: Annotated[str, typer.Option("--format", metavar="text|json", help="How to print the findings.")] = "text",
    as_json: options.Json = False,
) -> None:
    """Check truths and their feature files: every finding of every file, with its place and its fix.

    Ends with exit code 0 when clean, 1 on findings, 2 on wrong usage or when there is nothing to check.
    """

    def work() -> Answer:
        from converge_cli.app.validate_truths import validate_truths  # noqa: PLC0415  when the words are right
        from converge_cli.cli.here import services_here  # noqa: PLC0415

        for value, choices, option in (
            (fail_on, ("error", "warning"), "--fail-on"),
            (output, ("text", "json"), "--format"),
        ):
            if value not in choices:
                raise UsageError(f"{option} takes {' or '.join(choices)}, not {value!r}", where=option)
        found = validate_truths(services_here(), paths or [])
        count = found.errors if fail_on == "error" else len(found.failures) + len(found.diagnostics)
        outcome, code = ("findings", 1) if count else ("clean", 0)
        if not found.diagnostics and not found.failures:
            return Answer(outcome, code, _data(found), _counts(found))
        return Answer(outcome, code, _data(found), lambda console: _show(console, found))

    answering("validate", work, as_json=as_json or output == "json")


def _data(found: "Validation") -> dict[str, object]:
    import msgspec  # noqa: PLC0415

    return {
        "truths": [truth.key for truth in found.truths],
        "errors": found.errors,
        "warnings": len(found.diagnostics) + len(found.failures) - found.errors,
        "findings": msgspec.to_builtins(found.diagnostics),
        "failures": [error_data(failure) for failure in found.failures],
    }


def _show(console: "Console", found: "Validation") -> None:
    from converge_cli.cli.findings import show_findings  # noqa: PLC0415
    from converge_cli.trace.sanitize import safe  # noqa: PLC0415

    show_findings(console, found.diagnostics)
    for failure in found.failures:
        console.print(f"error {failure.code}  {safe(failure.message)}", soft_wrap=True)
        if failure.hint:
            console.print(f"  fix  {safe(failure.hint)}\n", soft_wrap=True)
    console.print(_counts(found))


def _counts(found: "Validation") -> str:
    from converge_cli.trace.wording import plural  # noqa: PLC0415

    warnings = len(found.diagnostics) + len(found.failures) - found.errors
    mark = "✗" if found.errors else "✓"
    counts = (len(found.truths), "truth"), (found.errors, "error"), (warnings, "warning")
    return f"{mark} {', '.join(plural(count, noun) for count, noun in counts)}"
