"""Stdout carries answers and nothing else: whatever packs and their libraries print goes to stderr.

A reader that has left is no error; a disk that is full is one.
"""

import os
import sys
from collections.abc import Callable
from typing import Any, TextIO

_KEPT: list[TextIO] = []


def keep_for_answers() -> None:
    """From here on what is printed goes to stderr, by C code and child processes too; `out` is the way to stdout."""
    if _KEPT:
        return
    sys.stdout.flush()
    printed = sys.stdout.fileno()
    kept = os.dup(printed)
    os.dup2(sys.stderr.fileno(), printed)
    _KEPT.append(open(kept, "w", encoding=sys.stdout.encoding, errors=sys.stdout.errors, closefd=False))  # noqa: SIM115


def out() -> TextIO:
    """Where answers go."""
    return _KEPT[0] if _KEPT else sys.stdout


def write_out(text: str) -> int:
    """Write a text to stdout; 0, or 1 when it could not be written."""
    return written(lambda: out().write(text), 0)


def written(write: Callable[[], Any], code: int) -> int:
    """Do the writing and flush; the exit code of the answer, or 1 when the answer could not be written.

    Whoever stopped reading (`| head`) has what they wanted: the answer's own code stands.
    """
    try:
        write()
        out().flush()
    except (BrokenPipeError, SystemExit):  # rich turns the one into the other
        _drop_rest()
    except OSError as error:
        return lost(error)
    return code


def lost(error: OSError) -> int:
    """Say on stderr that the answer could not be written; the exit code."""
    _drop_rest()
    sys.stderr.write(f"error OUTPUT_FAILED  the answer can't be written to stdout: {error.strerror}\n")
    return 1


def _drop_rest() -> None:
    """What is still buffered goes nowhere, so that the interpreter does not stumble over it at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), out().fileno())
