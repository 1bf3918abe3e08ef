"""The entry point `converge`: finds the command, imports only that one, turns usage errors into answers."""

import atexit
import gc
import io
import os
import sys
import threading
from importlib import import_module
from typing import Any, NoReturn

from converge_cli import __version__
from converge_cli._internal.process_exit import keep_process, leave_now


def main() -> NoReturn:
    """Run the command line and exit."""
    # Imports make many objects that stay: looking through them again and again is an eighth of a short command.
    gc.set_threshold(100_000, 20, 20)
    args = sys.argv[1:]
    ending = _Ending()
    atexit.register(ending.leave)  # the first is the last to be called
    keep_process()
    _mend_streams()
    if "_CONVERGE_COMPLETE" in os.environ:
        from converge_cli.cli.complete import complete  # noqa: PLC0415  a shell asks what could come next

        complete(os.environ["_CONVERGE_COMPLETE"], args)
        raise SystemExit(0)
    if args in (["--version"], ["version"]):
        from converge_cli.cli.stdout import write_out  # noqa: PLC0415

        raise SystemExit(write_out(f"converge {__version__}\n"))
    words = args[: args.index("--")] if "--" in args else args
    as_json = "--json" in words
    try:
        try:
            _command(args, words, as_json=as_json)
        except KeyboardInterrupt:
            from converge_cli.cli.output import Mode, fail, interrupted  # noqa: PLC0415

            fail(Mode.command, interrupted(), as_json=as_json)
    except SystemExit as leaving:
        _flush()
        _leave_threads_behind(leaving.code)
        ending.code = leaving.code
        raise


def _command(args: list[str], words: list[str], *, as_json: bool) -> NoReturn:
    from typer.exceptions import Abort, TyperException  # noqa: PLC0415  --version needs none of it

    from converge_cli.cli.output import Mode, UsageError, fail  # noqa: PLC0415
    from converge_cli.cli.root import root  # noqa: PLC0415

    Mode.debug, Mode.json = "--debug" in words, as_json
    try:
        code = _called(root(), [*(word for word in words if word != "--debug"), *args[len(words) :]], as_json=as_json)
    except UsageError as error:
        fail("converge", error, as_json=as_json)
    except OSError as error:  # only help is printed from there
        from converge_cli.cli.stdout import lost  # noqa: PLC0415

        raise SystemExit(lost(error)) from None
    except Abort:
        raise KeyboardInterrupt from None
    except TyperException as error:
        context = getattr(error, "ctx", None)
        path = context.command_path if context is not None else "converge"
        told = error.format_message() if hasattr(error, "format_message") else str(error)
        fail(_name(path), UsageError(told, hint=f"{path} --help"), as_json=as_json)
    raise SystemExit(code)


def _called(command: Any, args: list[str], *, as_json: bool) -> int:
    """Call the root command. It returns only when it showed help or the like: every real command exits."""
    if as_json and "--help" in args:
        _help_as_json(command, args)
    code = command.main(args=args, prog_name="converge", standalone_mode=False)
    return code if isinstance(code, int) else 0


def _help_as_json(command: Any, args: list[str]) -> NoReturn:
    from contextlib import redirect_stdout  # noqa: PLC0415  rare

    from converge_cli.cli.output import Answer, deliver  # noqa: PLC0415

    with redirect_stdout(io.StringIO()) as shown:
        command.main(args=[word for word in args if word != "--json"], prog_name="converge", standalone_mode=False)
    name = _name(" ".join(word for word in args if not word.startswith("-")))
    deliver(name, Answer("help", 0, {"help": shown.getvalue()}, lambda _console: None), as_json=True)


def _flush() -> None:
    """Write out what is buffered; what can't be written is dropped, so that it does not change the exit code."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


class _Ending:
    """Ends the process when nothing but taking it apart is left to do, which is a fifth of a short command.

    Attributes:
        code: with which; None as long as the command has not ended as it should.
    """

    code: Any = None

    def leave(self) -> None:
        """Leave at once."""
        if isinstance(self.code, int):
            _flush()
            leave_now(self.code)


OURS = "converge-"
"""How the names of our own threads begin."""


def _leave_threads_behind(code: Any) -> None:
    """Threads that a suggestor started and left must not keep the process: everything has been said and recorded.

    Daemons count as well: the interpreter waits for those of an executor. Our own end by themselves.
    """
    others = (thread for thread in threading.enumerate() if thread is not threading.main_thread())
    if any(not thread.name.startswith(OURS) for thread in others):
        leave_now(code if isinstance(code, int) else 1)


def _name(path: str) -> str:
    return path.removeprefix("converge").strip() or "converge"


def _mend_streams() -> None:
    """A stream that was closed before we began takes nothing; one that can't write our glyphs writes ? for them."""
    for name in ("stdin", "stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            mode = "r" if name == "stdin" else "w"
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115  for the process's life
        elif name != "stdin" and isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def load(module: str) -> Any:
    """The Typer app of a command's module."""
    return import_module(f"converge_cli.cli.{module}").app
