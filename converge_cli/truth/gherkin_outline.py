"""Outlines: a row of Examples makes a scenario; columns must be used, and each `<placeholder>` must have one."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from converge_cli.core.errors import did_you_mean
from converge_cli.truth.feature_text import Step
from converge_cli.truth.findings import Findings, Place
from converge_cli.truth.step_grammar import Argument, Cell

_PLACEHOLDER = re.compile(r"(?<!\?P)<(\w[\w ]*)>")


def fill(text: str, cells: Mapping[str, str]) -> str:
    """A text with the values of a row in place of its placeholders."""
    if "<" not in text:
        return text
    return re.sub(r"<([^<>]*)>", lambda match: cells.get(match[1], match[0]), text)


def fill_step(step: Step, cells: Mapping[str, str]) -> Step:
    """A step with the values of a row, in its table and text too."""
    argument = step.argument
    if argument is not None:
        rows = tuple(tuple(Cell(fill(cell.text, cells), cell.place) for cell in row) for row in argument.rows)
        argument = Argument(rows, None if argument.text is None else fill(argument.text, cells))
    return Step(step.keyword, fill(step.text, cells), step.place, argument)


def check_columns(header: Sequence[Cell], title: str, steps: Sequence[Step], findings: Findings) -> None:
    """Add a finding for a column that no step mentions, or that stands there twice."""
    texts = [title, *(text for step in steps for text, _ in _texts(step)), *(_doc(step) for step in steps)]
    seen: set[str] = set()
    for cell in header:
        if cell.text in seen:
            message = f"column {cell.text!r} stands there twice: only the last one would count"
            findings.add("gherkin-syntax", cell.place, message, "rename or remove one of them")
        elif not cell.text:
            findings.add("unused-column", cell.place, "a column has no name", "name it, or remove it")
        elif not any(f"<{cell.text}>" in text for text in texts):
            fix = f"write <{cell.text}> where it matters, or remove the column"
            findings.add("unused-column", cell.place, f"no step mentions <{cell.text}>", fix)
        seen.add(cell.text)


def check_rows(rows: Sequence[Sequence[Cell]], findings: Findings) -> None:
    """Add a finding for a row that says the same as one before it."""
    seen: dict[tuple[str, ...], int] = {}
    for row in filter(None, rows):
        begin, end = row[0].place, row[-1].place
        place = Place(begin.file, begin.line, begin.column, end.end_column)
        first = seen.setdefault(tuple(cell.text for cell in row), place.line)
        if first != place.line:
            findings.add("duplicate-row", place, f"the row is the same as that of line {first}", "change or remove it")


def check_placeholders(
    title: str, place: Place, steps: Iterable[Step], columns: Sequence[str], findings: Findings
) -> None:
    """Add a finding for each placeholder of an outline that has no column; `place` is that of the title."""
    texts = [(title, place), *((text, where) for step in steps for text, where in _texts(step))]
    # Markup in a doc string is no placeholder.
    texts += [(doc, step.place) for step in steps if (doc := _doc(step)) and "</" not in doc]
    for text, where in texts:
        for name in _PLACEHOLDER.findall(text):
            if name not in columns:
                fix = did_you_mean(name, columns) or f"the columns are {', '.join(columns) or 'none'}"
                message = f"<{name}> is not a column of the examples"
                place = findings.within(where, f"<{name}>")
                findings.add("unknown-placeholder", place, message, fix, findings.mending(place, name, columns))


def check_no_placeholders(steps: Iterable[Step], findings: Findings) -> None:
    """Add a finding for each placeholder in a step that no row of Examples ever fills."""
    for step in steps:
        for name in _PLACEHOLDER.findall(step.text):
            fix = "write a Scenario Outline: with Examples:, or the value itself"
            message = f"<{name}> stands for nothing: no examples fill it"
            findings.add("unknown-placeholder", findings.within(step.place, f"<{name}>"), message, fix)


def bindings(header: Sequence[Cell], row: Any) -> dict[str, str]:
    """The values of a row by column."""
    return dict(zip((cell.text for cell in header), (cell["value"] for cell in row["cells"]), strict=False))


def _texts(step: Step) -> Iterator[tuple[str, Place]]:
    yield step.text, step.place
    if step.argument is not None:
        yield from ((cell.text, cell.place) for row in step.argument.rows for cell in row)


def _doc(step: Step) -> str:
    return step.argument.text or "" if step.argument is not None else ""
