"""Options that several commands share, and how their words are read."""

from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated, Any

import typer

from converge_cli.cli.output import UsageError
from converge_cli.core.budget import Budget, BudgetChange
from converge_cli.core.errors import did_you_mean

Truth = Annotated[str, typer.Argument(metavar="TRUTH", help="A truth's key, its folder, or a path to its truth.yaml.")]
Run = Annotated[str, typer.Argument(metavar="RUN", help="The run's id, or its beginning.")]
Json = Annotated[bool, typer.Option("--json", help="Print exactly one JSON document on stdout; never prompt.")]
Inputs = Annotated[
    list[str] | None, typer.Option("--input", metavar="NAME=PATH", help="Use this file for an input. Repeatable.")
]
Parameters = Annotated[
    list[str] | None,
    typer.Option("--param", metavar="PACK.PATH=VALUE", help="Set a parameter of a pack. Repeatable."),
]
Seeds = Annotated[
    list[str] | None,
    typer.Option("--seed", metavar="KEY:ID=CONTENT", help="Begin with this fact, for example Seeds:text:note=hello."),
]
Budgets = Annotated[
    str | None,
    typer.Option("--budget", metavar="NAME=N,...", help="Other limits: cycles, facts, time (5m), tokens, cost_usd."),
]
Ledger = Annotated[
    str | None,
    typer.Option("--ledger", metavar="URL", help="The ledger: a file, grpc://HOST:PORT or grpcs://HOST:PORT."),
]
Principal = Annotated[
    str | None, typer.Option("--as", metavar="PERSON", help="For whom gates are asked, instead of the truth's actor.")
]
Trace = Annotated[
    str | None, typer.Option(metavar="live|plain|jsonl|off", help="How to show the run; live at a terminal.")
]
Mirror = Annotated[
    str | None,
    typer.Option("--ledger", metavar="URL", help="Mirror the run into this ledger; it never influences the run."),
]
Wiring = Annotated[
    Path | None,
    typer.Option("--wiring", metavar="FILE", help="What the deployment needs, instead of wiring.yaml by the truth."),
]
Server = Annotated[
    str | None,
    typer.Option(
        "--server",
        metavar="URL",
        help="Work at this server (converge serve); else at CONVERGE_SERVER's; '' is here.",
    ),
]
NoInput = Annotated[bool, typer.Option("--no-input", help="Never prompt: pause and say what waits.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only list the files that would be written.")]

_BUDGETS = Budget.__struct_fields__
_SECONDS = {"ms": Decimal("0.001"), "s": Decimal(1), "m": Decimal(60), "h": Decimal(3600), "d": Decimal(86400)}


def app() -> typer.Typer:
    """What a module of commands hangs them on: plain, since help, errors and completion are seen to elsewhere."""
    return typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


def pairs(words: list[str] | None, option: str) -> list[tuple[str, str]]:
    """`NAME=VALUE` words, split.

    Raises:
        UsageError: a word has no `=` or no name, or a name comes twice.
    """
    split: list[tuple[str, str]] = []
    for word in words or []:
        name, equals, value = word.partition("=")
        if not equals or not name:
            raise UsageError(f"{option} takes NAME=VALUE, not {word!r}", where=option)
        if any(name == known for known, _ in split):
            raise UsageError(f"{option} names {name} twice", where=option)
        split.append((name, value))
    return split


def input_paths(words: list[str] | None) -> dict[str, Path]:
    """`--input NAME=PATH`."""
    paths = {}
    for name, value in pairs(words, "--input"):
        if not value:
            raise UsageError(f"--input {name}= names no file", hint=f"--input {name}=PATH", where="--input")
        paths[name] = Path(value)
    return paths


def parameter_values(words: list[str] | None) -> dict[str, dict[tuple[str, ...], Any]]:
    """`--param pack.path=value`: pack -> path -> value; numbers, true and false are typed, the rest is text."""
    chosen: dict[str, dict[tuple[str, ...], Any]] = {}
    for name, value in pairs(words, "--param"):
        pack, *path = name.split(".")
        if not path or not all(path):
            raise UsageError(
                f"--param takes PACK.PATH=VALUE, not {name}={value}",
                hint="for example --param procurement.weights.price=0.4",
                where="--param",
            )
        chosen.setdefault(pack, {})[tuple(path)] = _scalar(value)
    return chosen


def budget_values(words: str | None, option: str = "--budget") -> dict[str, Any]:
    """`cycles=10,time=5m` as fields of a budget."""
    chosen: dict[str, Any] = {}
    for name, value in pairs([word.strip() for word in words.split(",")] if words else None, option):
        if name not in _BUDGETS:
            hint = did_you_mean(name, _BUDGETS) or f"the limits are {', '.join(_BUDGETS)}"
            raise UsageError(f"{option} knows no limit {name!r}", hint=hint, where=option)
        chosen[name] = _limit(name, value, option)
    return chosen


def budget_change(words: str | None) -> BudgetChange | None:
    """`--add-budget cycles=50`."""
    chosen = budget_values(words, "--add-budget")
    return BudgetChange(**chosen) if chosen else None


def _limit(name: str, value: str, option: str) -> Any:
    number = seconds(value) if name == "time" else _number(value)
    whole = name not in {"time", "cost_usd"}
    if number is None or number < 0 or (whole and number != number.to_integral_value()):
        kind = "a duration such as 90s, 5m or 1h" if name == "time" else "a number, not below zero"
        raise UsageError(f"{option} {name} takes {kind}, not {value!r}", where=option)
    return int(number) if whole else number


def seconds(text: str) -> Decimal | None:
    """A duration such as 90s, 5m, 1h, 2d, 250ms or a bare number of seconds; None when it is none."""
    for unit in ("ms", "s", "m", "h", "d"):
        if text.endswith(unit):
            number = _number(text.removesuffix(unit))
            return None if number is None else number * _SECONDS[unit]
    return _number(text)


def _number(text: str) -> Decimal | None:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() and len(text) < 40 else None


def _scalar(text: str) -> Any:
    if text in {"true", "false"}:
        return text == "true"
    number = _number(text)
    if number is None:
        return text
    return int(number) if number == number.to_integral_value() and "." not in text else number
