"""Suppressions: comments that take a finding out of the count, by its code and for a reason.

`# converge: ignore CV041 -- reason` stands on the line at fault or above it (`//` in Cedar; in a feature above it, as
Gherkin knows no comment behind a step). Must never suppress what keeps a truth from running.
"""

import re
from collections.abc import Iterable, Sequence

import msgspec

from converge_cli.core.errors import did_you_mean
from converge_cli.truth.codes import BY_CODE, BY_NAME, DiagnosticKind
from converge_cli.truth.diagnostics import Diagnostic
from converge_cli.truth.quoted_text import Quoted

_MARK = "converge:"
_WORD = re.compile(r"\s*converge:\s*(\w+)\b:?\s*(.*?)\s*$", re.IGNORECASE)
_NO_COMMENT = ("Gherkin reads it as part of the text before it", "put it on a line of its own above")
_REASON = re.compile(r"(?:^|\s)--(?:\s|$)")


class Suppression(msgspec.Struct, frozen=True):
    """One comment.

    Attributes:
        line, column, end_column: of the comment.
        first, last: the lines that it is about.
        codes: what it suppresses there; empty when something about the comment is wrong.
        problem: what is wrong with it and how to mend it, or None.
    """

    line: int
    column: int
    end_column: int
    first: int
    last: int
    codes: tuple[str, ...]
    reason: str
    problem: tuple[str, str] | None = None

    def covers(self, code: str, line: int) -> bool:
        """Whether it suppresses a finding of a code on a line."""
        return code in self.codes and self.first <= line <= self.last


def read_suppressions(file: str, lines: Sequence[str]) -> tuple[Suppression, ...]:
    """Every suppressing comment of a text, in order."""
    mark = "//" if file.endswith((".cedar", ".cedarschema")) else "#"
    found: list[Suppression] = []
    quoted: Quoted | None = None
    for number, line in enumerate(lines, start=1):
        if _MARK not in line.lower():
            continue
        at = _comment(line, mark)
        match = _WORD.match(line, at + len(mark)) if at >= 0 else None
        if match is None or did_you_mean(match[1].lower(), ["ignore"]) is None:
            continue
        quoted = quoted or Quoted(file, lines)
        if quoted.holds(number, at + 1):
            continue
        first, last = (number, number) if line[:at].strip() else _below(lines, number, mark)
        codes, reason, problem = _read(match[1], match[2])
        if file.endswith(".feature") and line[:at].strip():
            codes, problem = (), _NO_COMMENT
        found.append(Suppression(number, at + 1, len(line.rstrip()) + 1, first, last, codes, reason, problem))
    return tuple(found)


def suppressing(suppressions: Iterable[Suppression], code: str, line: int) -> Suppression | None:
    """The first that covers a finding."""
    return next((item for item in suppressions if item.covers(code, line)), None)


def suppressed(finding: Diagnostic, by: Suppression) -> Diagnostic:
    """The finding, with the reason for which it does not count."""
    return msgspec.structs.replace(finding, suppressed=by.reason)


def _comment(line: str, mark: str) -> int:
    """Where the comment that names us begins: a mark at the line's start or behind a space; -1 when there is none."""
    at = line.lower().find(_MARK)
    begin = line.rfind(mark, 0, at)
    between = line[begin + len(mark) : at] if begin >= 0 else "x"
    stands = begin == 0 or (begin > 0 and line[begin - 1].isspace())
    return begin if stands and not between.strip() else -1


def _below(lines: Sequence[str], number: int, mark: str) -> tuple[int, int]:
    """The lines that a comment on a line of its own is about: the next one, with what its tags belong to."""
    first = last = 0
    for below, line in enumerate(lines[number:], start=number + 1):
        text = line.strip()
        if not text or text.startswith(mark):
            continue
        first, last = first or below, below
        if not text.startswith("@"):
            break
    return first or number, last or number


def _read(word: str, rest: str) -> tuple[tuple[str, ...], str, tuple[str, str] | None]:
    """Codes, reason, and what is wrong with them."""
    if word.lower() != "ignore":
        return (), "", (f"{word!r} is no word for suppressing", "write ignore")
    parts = _REASON.split(rest, maxsplit=1)
    words = [item for item in re.split(r"[,\s]+", parts[0]) if item]
    reason = parts[1].strip() if len(parts) > 1 else ""
    if not words:
        return (), reason, ("it names no code", "name what is suppressed: ignore CV041 -- reason")
    kinds: list[DiagnosticKind] = []
    for item in words:
        kind = BY_CODE.get(item.upper()) or BY_NAME.get(item.lower())
        if kind is None:
            fix = did_you_mean(item, [*BY_CODE, *BY_NAME]) or "converge validate prints the code of each finding"
            return (), reason, (f"there is no code {item[:60]!r}", fix)
        if not kind.suppressible:
            return (), reason, (f"{kind.code} {kind.name} can't be suppressed", "mend what it is about")
        kinds.append(kind)
    if not re.search(r"\w", reason):
        return (), "", ("it gives no reason", f"say why: ignore {words[0]} -- reason")
    return tuple(kind.code for kind in kinds), reason, None
