"""Ids of findings that survive edits elsewhere: by code, file and the words of the line, never by its number."""

from collections import Counter
from collections.abc import Callable, Iterable

import msgspec

from converge_cli._internal.hashing import digest
from converge_cli.truth.diagnostics import Diagnostic

_DIGITS = 16


def with_ids(findings: Iterable[Diagnostic], name_of: Callable[[str], str]) -> tuple[Diagnostic, ...]:
    """The findings with their ids; among equal lines of a file they are told apart by their order.

    Args:
        findings: in order of their places.
        name_of: a file's name that does not depend on where somebody stands.
    """
    seen: Counter[tuple[str, str, str]] = Counter()
    found = []
    for item in findings:
        about = (item.code, name_of(item.file), " ".join(item.source_line.split()))
        seen[about] += 1
        found.append(msgspec.structs.replace(item, id=digest([*about, seen[about]])[:_DIGITS]))
    return tuple(found)
