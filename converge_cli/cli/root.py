"""The root group: knows every command by name, imports a command's module when it is called."""

from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from converge_cli.cli.command_list import COMMANDS
from converge_cli.cli.main import load
from converge_cli.cli.output import UsageError
from converge_cli.core.errors import did_you_mean

_HELP = """Decisions that must be defended.

Write what must be true (a truth), let suggestors propose, let the engine decide: it says "criteria met" with the
evidence, or stops and says who or what is missing.
"""


class LazyCommand(TyperCommand):
    """Stands for a command in the list; becomes it when it is called."""

    def make_context(self, info_name: Any, args: list[str], parent: Any = None, **extra: Any) -> Any:
        """Import the real command and hand over."""
        assert self.name is not None  # noqa: S101  every command is listed by name
        command = get_command(load(COMMANDS[self.name].module))
        if "--help" in args:
            from converge_cli.cli.examples import put_below  # noqa: PLC0415  for help alone

            put_below(self.name, command)
        return command.make_context(info_name, args, parent=parent, **extra)


class Root(TyperGroup):
    """The commands in the order in which people meet them."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002  the framework's signature
        """Names of all commands."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002  the framework's signature
        """The stand-in of a command, or None."""
        listed = COMMANDS.get(cmd_name)
        return LazyCommand(cmd_name, help=listed.help) if listed is not None else None

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that was named.

        Raises:
            UsageError: there is none of that name; says which one may have been meant.
        """
        name = args[0]
        if name not in COMMANDS and not name.startswith("-"):
            raise UsageError(f"no command {name!r}", hint=did_you_mean(name, COMMANDS) or "converge --help", where=name)
        return super().resolve_command(ctx, args)


def root() -> Any:
    """The command `converge`."""
    app = typer.Typer(
        cls=Root,
        help=_HELP,
        no_args_is_help=False,
        add_completion=False,  # `converge completion` does it, quicker and for more words
        rich_markup_mode=None,  # plain help: nothing to import, and every screen reader can read it
        pretty_exceptions_enable=False,
    )

    @app.callback(invoke_without_command=True)
    def converge(context: typer.Context) -> None:
        if context.invoked_subcommand is None:
            typer.echo(context.get_help())

    converge.__doc__ = _HELP
    return get_command(app)
