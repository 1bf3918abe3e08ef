"""What could come next on a half-typed command line: what the scripts of `converge completion` ask for.

`_CONVERGE_COMPLETE=<shell> converge <words>` prints offers; bash hands over its line, the others words.

What a word stands for is what its metavar in the help says. Must never write, wait for long, or say
anything but offers: whatever is wrong with the project, a shell that completes must not show it.
"""

import re
import shlex
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from converge_cli.cli.command_list import COMMANDS

if TYPE_CHECKING:
    from converge_cli.app.offer_words import Offer

_HARMLESS = re.compile(r"[A-Za-z0-9@%+=:,./_-]+")
"""No shell reads anything but itself into such a word."""

CHOICES = re.compile(r"[a-z0-9.-]+(\|[a-z0-9.-]+)+")
_HELP = ("--help", "Show this message and exit.")


def complete(shell: str, args: list[str]) -> None:
    """Print an offer a line, in the form that the shell's script expects."""
    try:
        words = _words(args[0] if args else "") if shell == "bash" else args
        *before, begun = words or [""]
        offers = [offer for offer in offers_for(before, begun) if _fits(offer[0], begun)]
    except (Exception, SystemExit):  # noqa: BLE001  no offers is the only answer to whatever is wrong
        return
    kept = begun[: max(begun.rfind("="), begun.rfind(":")) + 1] if shell == "bash" else ""  # bash breaks words there
    lines = [_line(shell, value.removeprefix(kept), about) for value, about in offers if _HARMLESS.fullmatch(value)]
    sys.stdout.write("".join(f"{line}\n" for line in dict.fromkeys(lines)))


def _fits(value: str, begun: str) -> bool:
    return value.startswith(begun) and (not value.startswith("-") or begun.startswith("-"))


def offers_for(before: list[str], begun: str) -> "Sequence[Offer]":
    """What the word that has begun could be, with a line about each, after the words before it."""
    if not before:
        return [*((name, listed.help) for name, listed in COMMANDS.items()), _HELP]
    from typer.main import get_command  # noqa: PLC0415  not for the names of commands

    from converge_cli.cli.main import load  # noqa: PLC0415

    name, *rest = before
    if name not in COMMANDS:
        return []
    command: Any = get_command(load(COMMANDS[name].module))
    inner = getattr(command, "commands", None)
    if inner is not None:
        if not rest:
            from converge_cli.cli.examples import put_below  # noqa: PLC0415  their lines are shorter than their help

            put_below(name, command)
            return [*((called, sub.get_short_help_str(80)) for called, sub in inner.items()), _HELP]
        name, *rest = (f"{name} {rest[0]}", *rest[1:])
        command = inner.get(name.split()[1])
    return _Line(name, command.params, rest).offers(begun) if command is not None else []


class _Line:
    """The words of one command so far: which arguments are there, which options, and what comes next."""

    def __init__(self, command: str, params: Sequence[Any], words: list[str]) -> None:
        self._command = command
        self._options = {name: param for param in params if param.param_type_name == "option" for name in param.opts}
        self._arguments = [param for param in params if param.param_type_name == "argument"]
        self._given: list[str] = []
        self._used: set[str] = set()
        self._open: Any = None
        self._ended = False
        for word in words:
            self._take(word)

    def _take(self, word: str) -> None:
        if self._open is not None:
            self._open = None
        elif self._ended or not word.startswith("-"):
            self._given.append(word)
        elif word == "--":
            self._ended = True
        else:
            name, equals, _ = word.partition("=")
            option = self._options.get(name)
            self._used.add(name)
            if option is not None and not option.is_flag and not equals:
                self._open = option

    def offers(self, begun: str) -> "Sequence[Offer]":
        """What could come here."""
        if self._open is not None:
            return self._values(self._open, begun)
        if begun.startswith("-") and not self._ended:
            return self._option(begun)
        number = len(self._given)
        if number >= len(self._arguments) and not (self._arguments and self._arguments[-1].nargs == -1):
            return []
        return self._values(self._arguments[min(number, len(self._arguments) - 1)], begun)

    def _option(self, begun: str) -> "Sequence[Offer]":
        name, equals, value = begun.partition("=")
        if equals and name in self._options:
            return [(f"{name}={offer}", about) for offer, about in self._values(self._options[name], value)]
        free = [
            (name, option.help or "")
            for name, option in self._options.items()
            if option.multiple or name not in self._used
        ]
        return [*free, _HELP]

    def _values(self, param: Any, begun: str) -> "Sequence[Offer]":
        metavar = param.metavar or ""
        if CHOICES.fullmatch(metavar):
            return [(choice, "") for choice in metavar.split("|")]
        from converge_cli.app.offer_words import offer_words  # noqa: PLC0415  most words are none of a project's
        from converge_cli.cli.here import services_here  # noqa: PLC0415

        return offer_words(services_here(), metavar, self._command, self._given, begun)


def _words(line: str) -> list[str]:
    """The words after the command's name; the last one, perhaps empty, is the one that has begun."""
    try:
        words = shlex.split(line)
    except ValueError:  # a quote is still open
        words = line.split()
    if not line or line[-1].isspace():
        words.append("")
    return words[1:]


def _line(shell: str, value: str, about: str) -> str:
    from converge_cli.trace.sanitize import safe  # noqa: PLC0415

    about = safe(about, 80)
    if shell == "zsh":
        return value.replace(":", r"\:") + (f":{about}" if about else "")
    return f"{value}\t{about}" if shell == "fish" and about else value
