"""What counts of what was found: sorted, suppressed, with ids, selected. Must never lose a finding without a number."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import msgspec

from converge_cli.truth.codes import BY_CODE, STRICT_GROUPS
from converge_cli.truth.diagnostics import Diagnostic
from converge_cli.truth.finding_ids import with_ids
from converge_cli.truth.findings import Findings, Place
from converge_cli.truth.source import Source
from converge_cli.truth.suppression import Suppression, read_suppressions, suppressed, suppressing

_UNPARSED = frozenset({"not-utf8", "binary", "yaml-syntax", "yaml-refused", "too-deep", "gherkin-syntax"})
"""Findings after which a text was read no further, so that others may be missing."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Which codes are asked for, None being all of them, and whether gaps count as errors (`strict`)."""

    select: frozenset[str] | None = None
    ignore: frozenset[str] = frozenset()
    strict: bool = False

    def wants(self, code: str) -> bool:
        """Whether findings of a code are reported."""
        return (self.select is None or code in self.select) and code not in self.ignore

    def weighed(self, item: Diagnostic) -> Diagnostic:
        """The finding with the severity that it has here."""
        if self.strict and BY_CODE[item.code].group in STRICT_GROUPS:
            return msgspec.structs.replace(item, severity="error")
        return item


class Counted(NamedTuple):
    """Findings that count, those that a comment suppresses, and how many nobody asked for."""

    diagnostics: tuple[Diagnostic, ...]
    suppressed: tuple[Diagnostic, ...]
    left_out: int


def counted(
    found: Iterable[Diagnostic], sources: Mapping[str, Source], choice: Choice, name_of: Callable[[str], str]
) -> Counted:
    """What counts.

    Args:
        sources: the texts that may hold suppressions, by the name that their findings have.
        name_of: a file's name that does not depend on where somebody stands.
    """
    marked = list(dict.fromkeys(found))
    for name, source in sources.items():
        marked = _suppress(marked, name, source)
    marked.sort(key=_place)
    named = with_ids(marked, name_of)
    wanted = [choice.weighed(item) for item in named if choice.wants(item.code)]
    return Counted(
        tuple(item for item in wanted if item.suppressed is None),
        tuple(item for item in wanted if item.suppressed is not None),
        len(named) - len(wanted),
    )


def _place(item: Diagnostic) -> tuple[object, ...]:
    return item.file, item.line, item.column, item.code, item.message


def _suppress(found: list[Diagnostic], name: str, source: Source) -> list[Diagnostic]:
    """The findings of a text with its suppressions applied, and what is to be said of these."""
    findings = Findings()
    text = findings.read(source)
    if text is None:
        return found
    comments = read_suppressions(name, text.split("\n"))
    used: set[tuple[Suppression, str]] = set()
    result = []
    for item in found:
        by = suppressing(comments, item.code, item.line) if item.file == name else None
        if by is not None:
            used.add((by, item.code))
        result.append(item if by is None else suppressed(item, by))
    unread = any(item.file == name and item.name in _UNPARSED for item in found)
    for comment in comments:
        place = Place(name, comment.line, comment.column, comment.end_column)
        if comment.problem is not None:
            findings.add("malformed-suppression", place, *comment.problem)
            continue
        idle = [code for code in comment.codes if (comment, code) not in used]
        if idle and not unread:
            fix = "remove the comment" if len(idle) == len(comment.codes) else f"remove {', '.join(idle)} from it"
            findings.add("unused-suppression", place, f"nothing to suppress: no {' or '.join(idle)} here", fix)
    return [*result, *findings.sorted()]
