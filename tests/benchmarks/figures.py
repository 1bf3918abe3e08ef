"""How every benchmark here is asked and answers: `--json`, `--rounds` where it has rounds, a line a figure.

Must never judge a figure: the bars stand in the pages that name them, and no test depends on how busy a machine is.
"""

import argparse
import json
import sys
from collections.abc import Callable, Mapping
from typing import Any

Figures = Mapping[str, Any]
"""Name -> a number, or several by name."""


def tell(about: str | None, measure: Callable[[], Figures]) -> None:
    """Measure and print, as the command line asks."""
    options = _parser(about).parse_args()
    _print(measure(), as_json=options.json)


def tell_rounds(about: str | None, measure: Callable[[int], Figures], *, rounds: int) -> None:
    """Measure in as many rounds as the command line asks, `rounds` without a word of it, and print."""
    parser = _parser(about)
    parser.add_argument("--rounds", type=int, default=rounds, help="rounds per figure at least; the best counts")
    options = parser.parse_args()
    _print(measure(options.rounds), as_json=options.json)


def _parser(about: str | None) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    return parser


def _print(figures: Figures, *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(f"{json.dumps(figures)}\n")
        return
    width = max(map(len, figures))
    for name, value in figures.items():
        sys.stdout.write(f"{name:{width}} {f'{value:>14,.2f}' if isinstance(value, int | float) else value}\n")
