"""What a command prints: one answer on stdout, everything else on stderr; with --json exactly one JSON document.

Text from users and models is shown through `trace.sanitize`, never as markup.
"""

import io
import os
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any, NoReturn, TextIO, cast

from converge_cli.app.error_data import error_data
from converge_cli.cli.exit_code import CODE_OF_ERROR, ExitCode
from converge_cli.cli.stdout import keep_for_answers, out, written
from converge_cli.core.errors import ConvergeError

if TYPE_CHECKING:
    from rich.console import Console

SCHEMA = "converge.result/1"

_INNER = "      "
"""Begins the lines below the first of a sentence: further in than our own labels."""
_PIPED_WIDTH = 160
"""Columns where there is no terminal: commands to copy stay on one line."""


class UsageError(ConvergeError):
    """What was typed can't be understood."""

    code = "USAGE"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command came to.

    Attributes:
        show: prints it for people, or is the line to print, for which no console is needed; unused with --json.
    """

    outcome: str
    exit_code: int
    data: Any
    show: Callable[["Console"], None] | str


class Mode:
    """How this process talks: set once by `main`."""

    debug = False
    json = False
    command = "converge"


def answering(command: str, work: Callable[[], Answer], *, as_json: bool) -> NoReturn:
    """Do a command's work, print its answer or its error, and exit.

    Raises:
        SystemExit: always, with the exit code.
    """
    # Said anywhere on the line, --json holds, even where another option took it for its value.
    Mode.json = as_json = as_json or Mode.json
    Mode.command = command
    keep_for_answers()
    try:
        answer = work()
    except ConvergeError as error:
        fail(command, error, as_json=as_json)
    except KeyboardInterrupt:
        fail(command, interrupted(), as_json=as_json)
    except Exception as error:  # noqa: BLE001  the last line of defence: no traceback for the user
        fail(command, _unexpected(error), as_json=as_json)
    deliver(command, answer, as_json=as_json)


def deliver(command: str, answer: Answer, *, as_json: bool) -> NoReturn:
    """Print an answer and exit."""

    def write() -> None:
        if as_json:
            print_json(envelope(command, answer))
        else:
            show_answer(answer)

    raise SystemExit(written(write, answer.exit_code))


def show_answer(answer: Answer) -> None:
    """Print an answer for people."""
    if isinstance(answer.show, str):
        out().write(answer.show + "\n")
    else:
        answer.show(console())


def fail(command: str, error: ConvergeError, *, as_json: bool) -> NoReturn:
    """Print an error - what, where, why, next command - and exit."""
    code = CODE_OF_ERROR.get(error.code, ExitCode.ERROR)
    if Mode.debug:
        traceback.print_exc()
    if not as_json:
        show_error(error)
        raise SystemExit(int(code))
    document = {
        "schema": SCHEMA,
        "command": command,
        "outcome": "error",
        "exit_code": int(code),
        "error": error_data(error),
    }
    raise SystemExit(written(lambda: print_json(document), int(code)))


def envelope(command: str, answer: Answer) -> dict[str, Any]:
    """The one JSON document of an answer."""
    return {
        "schema": SCHEMA,
        "command": command,
        "outcome": answer.outcome,
        "exit_code": int(answer.exit_code),
        "data": answer.data,
    }


def unreadable_outcome(outcome: str, errors: Sequence[ConvergeError]) -> tuple[str, int]:
    """Outcome and exit code of a list from which something is missing: exit 9 where a record is damaged."""
    damaged = any(error.code == "RECORD_CORRUPT" for error in errors)
    return ("unreadable", int(ExitCode.UNVERIFIED)) if damaged else (outcome, int(ExitCode.OK))


def show_error(error: ConvergeError) -> None:
    """An error for people, on stderr."""
    findings = getattr(error, "diagnostics", None)
    if findings:
        from converge_cli.cli.findings import plain_findings, show_findings  # noqa: PLC0415

        if sys.stderr.isatty():
            show_findings(error_console(), findings)
        else:
            sys.stderr.write(plain_findings(findings) + "\n")
        return
    from converge_cli.trace.sanitize import safe  # noqa: PLC0415

    first, *more = error.message.split("\n")
    # Further in than our labels: a line break in somebody's text can't pass for one of them.
    lines = folded([f"error {error.code}  {safe(first)}", *(f"    {safe(line.strip())}" for line in more)], sys.stderr)
    if error.where and error.where not in error.message:
        lines.append(f"  where  {safe(error.where)}")
    if error.hint:
        lines.append(f"  next   {safe(error.hint)}")
    sys.stderr.write("\n".join(lines) + "\n")


def folded(lines: list[str], stream: TextIO) -> list[str]:
    """Sentences broken at blanks, if they go to a terminal. Not for commands: they are copied, so they stay whole."""
    if not stream.isatty():
        return lines
    from shutil import get_terminal_size  # noqa: PLC0415  only at a terminal, and only when something is wrong
    from textwrap import wrap  # noqa: PLC0415

    wide = max(get_terminal_size().columns, 20)
    return [
        part
        for line in lines
        for part in wrap(line, wide, subsequent_indent=_INNER, break_long_words=False, break_on_hyphens=False) or [""]
    ]


def print_json(document: Mapping[str, Any]) -> None:
    """One JSON document on stdout."""
    out().write(json_text(document) + "\n")


def json_text(document: Mapping[str, Any]) -> str:
    """A document as stdout can take it; what does not print is escaped, so that no screen or log obeys it."""
    import msgspec  # noqa: PLC0415

    from converge_cli._internal.canonical_json import encode  # noqa: PLC0415
    from converge_cli.trace.jsonl import for_stream, printable  # noqa: PLC0415

    try:
        data = encode(document)
    except UnicodeEncodeError:  # names of files and words of a command line may be no text at all
        data = encode(_as_text(document))
    return for_stream(printable(msgspec.json.format(data, indent=2).decode()), out())


def _as_text(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, Mapping):
        return {_as_text(key): _as_text(item) for key, item in value.items()}
    return [_as_text(item) for item in value] if isinstance(value, list | tuple) else value


def at_terminal() -> bool:
    """Whether somebody could answer: both ends are a terminal."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def console() -> "Console":
    """Where answers for people go."""
    from rich.console import Console  # noqa: PLC0415  rich takes a moment, and --json does without

    if out().isatty():
        return Console(file=out(), highlight=False, markup=False, emoji=False)
    wide = None if "COLUMNS" in os.environ else _PIPED_WIDTH
    trimmed = cast("IO[str]", _Trimmed(out()))
    return Console(file=trimmed, highlight=False, markup=False, emoji=False, width=wide)


def plain_width() -> int | None:
    """Columns of answers that are written as plain lines; None where a console must find out how they are shown."""
    stream = out()
    told = any(name in os.environ for name in ("COLUMNS", "FORCE_COLOR", "TTY_COMPATIBLE"))
    plain = not stream.isatty() and not told and stream.encoding.lower() in {"utf-8", "utf8"}
    return _PIPED_WIDTH if plain else None


class _Trimmed(io.TextIOBase):
    """Hands lines on without the blanks that tables end with: nobody wants them in a file."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    @property
    def encoding(self) -> str:  # type: ignore[override]  # the base class has a variable
        """That of the stream."""
        return self._stream.encoding

    def write(self, text: str) -> int:
        """Write whole lines without their trailing blanks."""
        self._stream.write("\n".join(line.rstrip(" ") for line in text.split("\n")))
        return len(text)

    def flush(self) -> None:
        """Flush the stream."""
        self._stream.flush()


def error_console() -> "Console":
    """Where everything else for people goes."""
    from rich.console import Console  # noqa: PLC0415

    return Console(stderr=True, highlight=False, markup=False, emoji=False)


def interrupted(run: str = "") -> ConvergeError:
    """Somebody pressed Ctrl-C twice, or before anything could be recorded."""
    hint = f"converge resume {run}" if run else "converge runs lists what can be resumed"
    error = ConvergeError("interrupted; nothing that was recorded is lost", hint=hint, where=run or None)
    error.code = "INTERRUPTED"
    return error


def stuck(name: str) -> ConvergeError:
    """Code of a pack holds a thread and can't be stopped, before there was a run to record it in."""
    error = ConvergeError(
        f"{name} is stuck and could not be stopped", hint="mend the pack: it waits or computes without end", where=name
    )
    error.code = "STUCK"
    return error


def _unexpected(error: Exception) -> ConvergeError:
    wrapped = ConvergeError(
        f"unexpected {type(error).__name__}: {error}",
        hint="this is a bug in Converge; run the command again with --debug and report what it prints",
    )
    wrapped.code = "INTERNAL"
    return wrapped
