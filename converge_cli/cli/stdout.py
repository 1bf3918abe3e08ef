"""Writes answers to stdout. A reader that has left is no error; a disk that is full is one."""

import os
import sys
from collections.abc import Callable
from typing import Any


def write_out(text: str) -> int:
    """Write a text to stdout; 0, or 1 when it could not be written."""
    return written(lambda: sys.stdout.write(text), 0)


def written(write: Callable[[], Any], code: int) -> int:
    """Do the writing and flush; the exit code of the answer, or 1 when the answer could not be written.

    Whoever stopped reading (`| head`) has what they wanted: the answer's own code stands.
    """
    try:
        write()
        sys.stdout.flush()
    except BrokenPipeError:
        _drop_rest()
    except OSError as error:
        _drop_rest()
        sys.stderr.write(f"error OUTPUT_FAILED  the answer can't be written to stdout: {error.strerror}\n")
        return 1
    return code


def _drop_rest() -> None:
    """What is still buffered goes nowhere, so that the interpreter does not stumble over it at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
