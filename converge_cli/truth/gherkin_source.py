"""Feature files to scenarios with positions: outlines expanded, tags and backgrounds inherited, nothing swallowed.

gherkin-official parses; what its grammar takes for a description is looked at again, since a misspelt step there
would vanish without a word. Must know nothing of what steps mean.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from converge_cli.truth.feature_text import FeatureText, Scenario, Step, Tag
from converge_cli.truth.findings import Findings, Place
from converge_cli.truth.gherkin_outline import (
    bindings,
    check_columns,
    check_no_placeholders,
    check_placeholders,
    check_rows,
    fill,
    fill_step,
)
from converge_cli.truth.gherkin_syntax import check_row_ends, parse_feature
from converge_cli.truth.keyword_guess import Words
from converge_cli.truth.source import Source
from converge_cli.truth.step_catalogue import Keyword
from converge_cli.truth.step_grammar import Argument, Cell
from converge_cli.truth.swallowed import Swallowed, swallowed_line, swallowed_steps

__all__ = ["FeatureText", "Scenario", "Step", "Tag", "read_feature"]

MAX_LINES = 20_000
"""Gherkin's parser takes its time: some ten thousand lines a second."""
_MAX_TAGS = 10_000
_TAGS = re.compile(rf"^[ \t]*@.{{{_MAX_TAGS}}}", re.MULTILINE)

_KEYWORDS: dict[str, Keyword] = {"Context": "given", "Action": "when", "Outcome": "then"}


def read_feature(source: Source, findings: Findings) -> FeatureText | None:
    """Parse a feature file; None when it has no readable feature, which is then a finding."""
    text = findings.read(source)
    if text is None or _too_long(source.name, text, findings):
        return None
    feature = parse_feature(source.name, text, findings)
    if feature is None:
        return None
    return _Reader(source.name, findings, feature["language"]).feature(feature)


def _too_long(file: str, text: str, findings: Findings) -> bool:
    """Whether parsing would take too much time or memory, which is then a finding."""
    count, tags = text.count("\n"), _TAGS.search(text)
    if count > MAX_LINES:
        message = f"the file has {count} lines; at most {MAX_LINES} are read"
        findings.add("too-large", findings.whole_file(file), message, "split it into smaller files")
    elif tags is not None:
        line = text.count("\n", 0, tags.start()) + 1
        message = f"a line of tags has more than {_MAX_TAGS} characters"
        findings.add("too-large", Place(file, line, 1, 2), message, "keep the tags that mean something")
    return count > MAX_LINES or tags is not None


class _Reader:
    """Walks one parsed document."""

    def __init__(self, file: str, findings: Findings, language: str) -> None:
        self._file = file
        self._findings = findings
        self._words = Words.of(language)
        self._outer: list[Tag] = []

    def feature(self, node: Any) -> FeatureText:
        """The whole file."""
        place = self._place(node)
        self._describe(node)
        tags = self._tags(node)
        self._outer += tags
        scenarios = tuple(self._children(node["children"], (), (tags,)))
        self._check_scenarios(node, "feature")
        return FeatureText(node["name"], place, scenarios, tuple(self._outer))

    def _children(
        self, children: Sequence[Any], steps: tuple[Step, ...], levels: tuple[tuple[Tag, ...], ...]
    ) -> Iterator[Scenario]:
        for child in children:
            if "background" in child:
                steps += self._background(child["background"], steps)
            elif "rule" in child:
                self._describe(child["rule"])
                self._check_scenarios(child["rule"], "rule")
                tags = self._tags(child["rule"])
                self._outer += tags
                yield from self._children(child["rule"]["children"], steps, (tags, *levels))
            else:
                yield from self._scenario(child["scenario"], steps, levels)

    def _background(self, node: Any, before: tuple[Step, ...]) -> tuple[Step, ...]:
        self._describe(node, steps_expected=True)
        steps = self._steps(node["steps"], before)
        if not steps:
            fix = "write Given steps, or remove it"
            self._findings.add("scenario-without-steps", self._place(node), "the background has no steps", fix)
        check_no_placeholders(steps, self._findings)
        return steps

    def _check_scenarios(self, node: Any, what: str) -> None:
        if not _has_scenario(node):
            message = f"{what} {node['name']!r} has no scenario"
            self._findings.add("scenario-without-steps", self._place(node), message, "write one, or remove it")

    def _scenario(
        self, node: Any, background: tuple[Step, ...], levels: tuple[tuple[Tag, ...], ...]
    ) -> Iterator[Scenario]:
        self._describe(node, steps_expected=True)
        place = self._place(node)
        levels = (self._tags(node), *levels)
        own = self._steps(node["steps"], background)
        is_outline = node["keyword"].strip() in self._words.outline
        if not own:
            message, fix = f"scenario {node['name']!r} has no steps", "write Given and Then steps"
            self._findings.add("scenario-without-steps", place, message, fix)
        elif node["examples"] or is_outline:
            if not is_outline:
                fix = "write Scenario Outline:, or remove the examples"
                self._findings.add("gherkin-syntax", place, "a plain scenario has examples", fix)
            yield from self._rows(node, place, levels, background, own)
        else:
            check_no_placeholders(own, self._findings)
            yield Scenario(node["name"], place, levels, background + own)

    def _rows(
        self,
        node: Any,
        place: Place,
        levels: tuple[tuple[Tag, ...], ...],
        background: tuple[Step, ...],
        own: tuple[Step, ...],
    ) -> Iterator[Scenario]:
        number = 0
        if not node["examples"]:
            fix = "add an Examples: table with a row, or write Scenario:"
            self._findings.add("outline-without-examples", place, f"outline {node['name']!r} has no examples", fix)
        for examples in node["examples"]:
            self._describe(examples)
            tags = self._tags(examples)
            header = self._header(examples)
            if not examples["tableBody"]:
                message, fix = "the examples have no row, so nothing is run", "add a row below a header row"
                self._findings.add("outline-without-examples", self._place(examples), message, fix)
                continue
            check_columns(header, node["name"], own, self._findings)
            check_placeholders(node["name"], place, own, [cell.text for cell in header], self._findings)
            check_rows([[self._cell(cell) for cell in row["cells"]] for row in examples["tableBody"]], self._findings)
            for row in examples["tableBody"]:
                number += 1
                cells = bindings(header, row)
                steps = tuple(fill_step(step, cells) for step in own)
                yield Scenario(fill(node["name"], cells), place, (tags, *levels), background + steps, number)

    def _header(self, examples: Any) -> list[Cell]:
        header = examples.get("tableHeader")
        if header is None:
            return []
        check_row_ends(self._file, {"rows": [header, *examples["tableBody"]]}, self._findings)
        return [self._cell(cell) for cell in header["cells"]]

    def _steps(self, nodes: Sequence[Any], before: tuple[Step, ...]) -> tuple[Step, ...]:
        keyword = before[-1].keyword if before else None
        steps = []
        for node in nodes:
            keyword = _KEYWORDS.get(node["keywordType"], keyword)
            place = self._place(node)
            if keyword is None:
                fix = "begin with Given, When or Then"
                self._findings.add("misplaced-step", place, f"{node['keyword'].strip()} has no step to follow", fix)
            steps.append(Step(keyword, node["text"], place, self._argument(node)))
        return tuple(steps)

    def _argument(self, node: Any) -> Argument | None:
        table, doc = node.get("dataTable"), node.get("docString")
        if table is None and doc is None:
            return None
        if table:
            check_row_ends(self._file, table, self._findings)
        rows = tuple(tuple(self._cell(cell) for cell in row["cells"]) for row in table["rows"]) if table else ()
        if table and any(not row for row in rows):
            rows = ()
        return Argument(rows, doc["content"] if doc is not None else None)

    def _cell(self, node: Any) -> Cell:
        line, column = node["location"]["line"], node["location"]["column"]
        return Cell(node["value"], Place(self._file, line, column, column + len(node["value"])))

    def _tags(self, node: Any) -> tuple[Tag, ...]:
        return tuple(self._tag(tag["name"], **tag["location"]) for tag in node["tags"])

    def _tag(self, name: str, line: int, column: int) -> Tag:
        place = Place(self._file, line, column, column + len(name))
        if not self._findings.line(place).startswith(name, column - 1):
            message = "a space stands behind @: behave reads another tag, or none"
            self._findings.add("gherkin-syntax", place, message, f"write {name}")
        return Tag(name.removeprefix("@"), place)

    def _describe(self, node: Any, *, steps_expected: bool = False) -> None:
        described = [(line, self._findings.line(Place(self._file, line, 1, 1))) for line in self._described(node)]
        together = swallowed_steps([text.strip() for _, text in described], self._words)
        for number, (line, text) in enumerate(described):
            found = swallowed_line(text.strip(), self._words, steps_expected=steps_expected)
            if found is None and number in together:
                found = Swallowed(f"a step is taken for description: {text.strip()[:60]!r}", "move it below a scenario")
            if found is not None:
                place = self._findings.whole_line(self._file, line)
                wrong = Place(self._file, line, place.column, place.column + found.end)
                replacement = None if found.instead is None else (wrong, found.instead)
                self._findings.add("swallowed-line", place, found.message, found.fix, replacement)

    def _described(self, node: Any) -> Iterator[int]:
        """The lines of a description; comments between them are no part of it, and so don't count."""
        line, description = node["location"]["line"], node.get("description")
        # Without one there is nothing to look for: a blank line may be as far off as the end of the file.
        for wanted in description.split("\n") if description else ():
            while wanted.strip() != self._findings.line(Place(self._file, line + 1, 1, 1)).strip():
                line += 1
                if line > self._findings.length(self._file):
                    return
            line += 1
            yield line

    def _place(self, node: Any) -> Place:
        line, column = node["location"]["line"], node["location"]["column"]
        text = self._findings.line(Place(self._file, line, 1, 1))
        return Place(self._file, line, column, max(len(text.rstrip()), column) + 1)


def _has_scenario(node: Any) -> bool:
    return any("scenario" in child or ("rule" in child and _has_scenario(child["rule"])) for child in node["children"])
