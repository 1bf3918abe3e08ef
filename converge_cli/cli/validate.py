"""`converge validate`."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from converge_cli.cli import options
from converge_cli.cli.codes import codes_named
from converge_cli.cli.output import Answer, UsageError, answering, folded, json_text
from converge_cli.cli.stdout import out

if TYPE_CHECKING:
    from rich.console import Console

    from converge_cli.app.services import Services
    from converge_cli.app.validate.counted import Choice
    from converge_cli.app.validate.mended_files import Mended
    from converge_cli.app.validate.validate_run import ValidatedRuns
    from converge_cli.app.validate.validate_truths import Validation

app = options.app()

_FIXES = "the files are here, and are mended here"
_RUNS = "what a server runs, it records; converge run does that"
_FORMATS = ("text", "json", "sarif", "junit", "github")
_FAILING = {"error": frozenset({"error"}), "warning": frozenset({"error", "warning"}), "never": frozenset[str]()}


@app.command()
def validate(
    paths: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[PATHS]...",
            help="Truths, features, packs, policies or folders; the project when left out.",
        ),
    ] = None,
    fail_on: Annotated[
        str, typer.Option("--fail-on", metavar="error|warning|never", help="What ends with code 1.")
    ] = "error",
    output: Annotated[str, typer.Option("--format", metavar="|".join(_FORMATS), help="How to print.")] = "text",
    select: Annotated[
        list[str] | None,
        typer.Option("--select", metavar="CODES", help="Only these codes, names, groups or beginnings (CV04)."),
    ] = None,
    ignore: Annotated[
        list[str] | None, typer.Option("--ignore", metavar="CODES", help="All but these. Both take commas.")
    ] = None,
    fix: Annotated[bool, typer.Option("--fix", help="Mend first what can be mended beyond doubt.")] = False,
    run: Annotated[
        bool, typer.Option("--run", help="Run each job, on its own inputs and once per example; recorded nowhere.")
    ] = False,
    strict: Annotated[
        bool,
        typer.Option("--strict", help="What is deferred, manual, not exercised or softly violated is an error."),
    ] = False,
    server: options.Server = None,
    as_json: options.Json = False,
) -> None:
    """Check truths, features, packs and policies: every finding of every file, with its place and its fix."""

    def work() -> Answer:
        from converge_cli.app.validate.counted import Choice  # noqa: PLC0415  when the words are right
        from converge_cli.app.validate.validate_truths import mend_truths  # noqa: PLC0415
        from converge_cli.cli.here import services_here  # noqa: PLC0415
        from converge_cli.cli.place import place_of, refuse_remotely, server_named  # noqa: PLC0415

        refuse_remotely(server, {"--fix": (fix, _FIXES), "--run": (run, _RUNS)})
        chosen = _chosen(output, as_json=as_json)
        if fail_on not in _FAILING:
            raise UsageError(f"--fail-on takes error, warning or never, not {fail_on!r}", where="--fail-on")
        selected = codes_named(select, "--select") if select else None
        choice = Choice(selected, codes_named(ignore or [], "--ignore"), strict)
        named = _paths(paths or [])
        mended: tuple[Mended, ...] = ()
        if server_named(server) is not None:
            from converge_cli.cli.remote_validation import validate_at  # noqa: PLC0415  most check here

            found, ran = validate_at(place_of(server), named, choice), None
        else:
            services = services_here(throw_away=run)
            mended = mend_truths(services, named, choice) if fix else mended
            found, ran = _validated(services, named, choice, run=run)
        failed = any(item.severity in _FAILING[fail_on] for item in found.diagnostics)
        outcome, code = ("findings", 1) if failed else ("clean", 0)
        shown = _shown(chosen, found, ran, mended, fail_on)
        return Answer(outcome, code, _data(found, ran, mended), shown)

    answering("validate", work, as_json=as_json or output == "json")


def _paths(words: list[str]) -> list[Path]:
    """What was named.

    Raises:
        UsageError: an empty word, as an unset variable of a shell gives; it must not stand for this folder.
    """
    if "" in words:
        raise UsageError("an empty path names nothing", hint="name a path, or leave it out for the project")
    return [Path(word) for word in words]


def _validated(
    services: "Services", paths: list[Path], choice: "Choice", *, run: bool
) -> "tuple[Validation, ValidatedRuns | None]":
    if not run:
        from converge_cli.app.validate.validate_truths import validate_truths  # noqa: PLC0415

        return validate_truths(services, paths, choice), None
    import asyncio  # noqa: PLC0415  only runs need a loop

    from converge_cli.app.validate.validate_run import validate_and_run  # noqa: PLC0415
    from converge_cli.cli.slow_notice import SlowNotice  # noqa: PLC0415

    with SlowNotice() as notice:
        ran = asyncio.run(validate_and_run(services, paths, choice, notice))
    return ran.validation, ran


def _chosen(output: str, *, as_json: bool) -> str:
    """The format.

    Raises:
        UsageError: there is none of that name, or two are asked for.
    """
    if output not in _FORMATS:
        raise UsageError(f"--format takes {', '.join(_FORMATS)}, not {output!r}", where="--format")
    if as_json and output not in {"text", "json"}:
        raise UsageError(f"--json and --format {output} exclude each other", where="--format")
    return output


def _data(found: "Validation", ran: "ValidatedRuns | None", mended: "tuple[Mended, ...]") -> dict[str, Any]:
    import msgspec  # noqa: PLC0415

    runs = {}
    if ran is not None:
        from converge_cli.app.examples.data import runs_data  # noqa: PLC0415

        runs = runs_data(ran.runs, ran.not_run)
    return {
        "files": found.files,
        "truths": [truth.key for truth in found.truths],
        "errors": found.errors,
        "warnings": found.warnings,
        "findings": msgspec.to_builtins(found.diagnostics),
        "suppressed": msgspec.to_builtins(found.suppressed),
        "left_out": found.left_out,
        "mended": msgspec.to_builtins(mended),
        **runs,
    }


def _shown(
    chosen: str, found: "Validation", ran: "ValidatedRuns | None", mended: "tuple[Mended, ...]", fail_on: str
) -> Any:
    """What is printed for a format: a text, or for a terminal something that prints."""
    if chosen not in {"text", "json"}:
        sys.stderr.write("".join(f"{line}\n" for line in _changes(mended)))
        return _document(chosen, found, fail_on)
    if not found.diagnostics:
        return "\n".join([*_changes(mended), *_summary(found, ran)])
    if out().isatty():
        return lambda console: _print(console, found, ran, mended)
    from converge_cli.cli.findings import plain_findings  # noqa: PLC0415

    return "\n".join([*_changes(mended), plain_findings(found.diagnostics), *_summary(found, ran)])


def _document(chosen: str, found: "Validation", fail_on: str) -> str:
    if chosen == "sarif":
        from converge_cli.app.validate.sarif import as_sarif  # noqa: PLC0415  the one that is asked for

        return json_text(as_sarif(found.diagnostics, found.suppressed))
    if chosen == "junit":
        from converge_cli.app.validate.junit import as_junit  # noqa: PLC0415

        return as_junit(found.files, found.diagnostics, _FAILING[fail_on])
    from converge_cli.app.validate.github import as_github  # noqa: PLC0415

    return "\n".join([*as_github(found.diagnostics), _counts(found)])


def _print(console: "Console", found: "Validation", ran: "ValidatedRuns | None", mended: "tuple[Mended, ...]") -> None:
    from converge_cli.cli.findings import show_findings  # noqa: PLC0415

    for line in _changes(mended):
        console.print(line, soft_wrap=True)
    show_findings(console, found.diagnostics)
    for line in _summary(found, ran):
        console.print(line, soft_wrap=True)


def _summary(found: "Validation", ran: "ValidatedRuns | None") -> list[str]:
    if ran is None:
        return [_counts(found)]
    from converge_cli.cli.run_report import run_report  # noqa: PLC0415

    return [*folded([*run_report(ran.runs, ran.not_run)], out()), _counts(found)]


def _changes(mended: "tuple[Mended, ...]") -> list[str]:
    from converge_cli.trace.sanitize import safe  # noqa: PLC0415

    return [
        f"mended {safe(item.file)}:{item.line}:{item.column}"
        f"  {safe(item.old.strip())} → {safe(item.new.strip())}  ({item.code})"
        for item in mended
    ]


def _counts(found: "Validation") -> str:
    from converge_cli.trace.glyphs import glyph  # noqa: PLC0415
    from converge_cli.trace.wording import plural  # noqa: PLC0415

    mark = glyph("failed" if found.errors else "done")
    counts = [(len(found.truths), "truth"), (found.errors, "error"), (found.warnings, "warning")]
    others = [(len(found.files), "file")] if not found.truths else []
    line = f"{mark} {', '.join(plural(count, noun) for count, noun in [*others, *counts])}"
    line += f", {len(found.suppressed)} suppressed" if found.suppressed else ""
    return line + (f", {found.left_out} left out by --select or --ignore" if found.left_out else "")
