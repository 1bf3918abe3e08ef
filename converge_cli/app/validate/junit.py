"""Findings as JUnit XML: a test case a file, failed when something counts there. Must never write what XML forbids."""

from collections.abc import Iterable, Sequence
from xml.sax.saxutils import escape, quoteattr

from converge_cli.trace.sanitize import safe
from converge_cli.truth.diagnostics import Diagnostic

_SUITE = "converge validate"


def as_junit(files: Sequence[str], diagnostics: Iterable[Diagnostic], counts: frozenset[str]) -> str:
    """The document.

    Args:
        files: every file that was looked at.
        counts: severities that make a file fail; others are told as output of its case.
    """
    found: dict[str, list[Diagnostic]] = {name: [] for name in files}
    for item in diagnostics:
        found.setdefault(item.file, []).append(item)
    failed = sum(any(item.severity in counts for item in items) for items in found.values())
    head = f'name={quoteattr(_SUITE)} tests="{len(found)}" failures="{failed}" errors="0" skipped="0"'
    cases = "".join(_case(name, items, counts) for name, items in found.items())
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<testsuites {head}>\n  <testsuite {head}>\n{cases}  </testsuite>\n</testsuites>"
    )


def _case(name: str, items: list[Diagnostic], counts: frozenset[str]) -> str:
    failing = [item for item in items if item.severity in counts]
    others = [item for item in items if item.severity not in counts]
    head = f"    <testcase classname={_attribute(_SUITE)} name={_attribute(name)} file={_attribute(name)}"
    if not items:
        return f"{head}/>\n"
    inside = ""
    if failing:
        first = failing[0]
        more = f" (and {len(failing) - 1} more)" if len(failing) > 1 else ""
        told = f"{first.code} {first.name}: {first.message}{more}"
        inside += (
            f"      <failure message={_attribute(told)} type={_attribute(first.code)}>{_told(failing)}</failure>\n"
        )
    if others:
        inside += f"      <system-out>{_told(others)}</system-out>\n"
    return f"{head}>\n{inside}    </testcase>\n"


def _told(items: Iterable[Diagnostic]) -> str:
    return escape("\n".join(_line(item) for item in items))


def _line(item: Diagnostic) -> str:
    place = f"{item.file}:{item.line}:{item.column}"
    fix = f" (fix: {item.fix})" if item.fix else ""
    return safe(f"{place}: {item.severity} {item.code} {item.name}: {item.message}{fix}")


def _attribute(text: str) -> str:
    return quoteattr(safe(text))
