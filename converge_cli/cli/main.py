"""The entry point `converge`: finds the command, imports only that one, turns usage errors into answers."""

import sys
from importlib import import_module
from typing import Any, NoReturn

from converge_cli import __version__


def main() -> NoReturn:
    """Run the command line and exit."""
    args = sys.argv[1:]
    if args in (["--version"], ["version"]):
        sys.stdout.write(f"converge {__version__}\n")
        raise SystemExit(0)
    from converge_cli.cli.output import Mode, UsageError, fail  # noqa: PLC0415  --version needs none of it

    Mode.debug = "--debug" in args
    as_json = "--json" in args
    args = [word for word in args if word != "--debug"]
    from typer.exceptions import Abort, TyperException  # noqa: PLC0415

    from converge_cli.cli.root import root  # noqa: PLC0415

    try:
        code = root().main(args=args, prog_name="converge", standalone_mode=False)
    except (Abort, KeyboardInterrupt):
        raise SystemExit(130) from None
    except TyperException as error:
        context = getattr(error, "ctx", None)
        path = context.command_path if context is not None else "converge"
        words = error.format_message() if hasattr(error, "format_message") else str(error)
        problem = UsageError(words, hint=f"{path} --help")
        fail(path.removeprefix("converge").strip() or "converge", problem, as_json=as_json)
    raise SystemExit(code if isinstance(code, int) else 0)


def load(module: str) -> Any:
    """The Typer app of a command's module."""
    return import_module(f"converge_cli.cli.{module}").app
