"""A Cedar file as single policies with their lines, kept small enough for Cedar's parser.

Cedar tells no line of a mistake, and its parser ends the whole process on text nested too deeply, so both are seen
to here. Must never let Cedar parse text whose size has not been checked.
"""

import re
from typing import NamedTuple

MAX_FILE = 256 * 1024
"""Characters of one file."""

MAX_POLICY = 8_000
"""Characters of one policy: long chains of operators are nested for the parser, too."""

MAX_DEPTH = 32
"""Brackets inside brackets."""

_LEXEME = re.compile(r'//[^\n]*|"(?:\\.|[^"\\])*"|\s+|[^\s"/()\[\]{}<>;]+|.', re.DOTALL)
_BRACKETS = {"(": ")", "[": "]", "{": "}"}
_SCHEMA_BRACKETS = {**_BRACKETS, "<": ">"}


class PolicyTextError(ValueError):
    """The text is too large or too deep; `line` is where."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.line = line


class PolicyText(NamedTuple):
    """One policy as it is written, and the line on which it begins."""

    line: int
    text: str


def split_policies(text: str) -> list[PolicyText]:
    """The policies of a file, each up to its semicolon; what follows the last semicolon is one more, if anything.

    Raises:
        PolicyTextError: the file, a policy or its nesting is beyond the limits.
    """
    _check_size(text, _BRACKETS)
    found: list[PolicyText] = []
    line, begin, parts = 1, 0, list[str]()
    for match in _LEXEME.finditer(text):
        lexeme = match.group()
        if not begin and not lexeme.isspace() and not lexeme.startswith("//"):
            begin = line
        if begin and not lexeme.startswith("//"):
            parts.append(lexeme)
        line += lexeme.count("\n")
        if lexeme == ";":
            found.append(_policy(begin, parts))
            begin, parts = 0, []
    if begin:
        found.append(_policy(begin, parts))
    return found


def check_schema(text: str) -> None:
    """Refuse a schema that Cedar's parser may not survive.

    Raises:
        PolicyTextError: it is beyond the limits.
    """
    _check_size(text, _SCHEMA_BRACKETS)


def _check_size(text: str, brackets: dict[str, str]) -> None:
    if len(text) > MAX_FILE:
        raise PolicyTextError(f"longer than {MAX_FILE} characters", 1)
    line = 1
    closers: list[str] = []
    for match in _LEXEME.finditer(text):
        lexeme = match.group()
        if lexeme in brackets:
            closers.append(brackets[lexeme])
            if len(closers) > MAX_DEPTH:
                raise PolicyTextError(f"brackets nested deeper than {MAX_DEPTH}", line)
        elif closers and lexeme == closers[-1]:
            # Only its own closer ends a bracket: a wrong one must not hide how deep the text goes.
            closers.pop()
        line += lexeme.count("\n")


def _policy(line: int, parts: list[str]) -> PolicyText:
    text = "".join(parts)
    if len(text) > MAX_POLICY:
        raise PolicyTextError(f"one policy is longer than {MAX_POLICY} characters; split it", line)
    return PolicyText(line, text)
