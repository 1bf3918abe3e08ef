"""Feature files to scenarios with positions: outlines expanded, tags and backgrounds inherited, nothing swallowed.

gherkin-official parses; what its grammar takes for a description is looked at again, since a misspelt step there
would vanish without a word. Must know nothing of what steps mean.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from converge_cli.core.errors import did_you_mean
from converge_cli.truth.findings import Findings, Place
from converge_cli.truth.source import Source
from converge_cli.truth.step_catalogue import Keyword
from converge_cli.truth.step_grammar import Argument, Cell
from converge_cli.truth.swallowed import Words, swallowed_lines

_KEYWORDS: dict[str, Keyword] = {"Context": "given", "Action": "when", "Outcome": "then"}
_NAMES = {
    "#EOF": "the end of the file",
    "#StepLine": "a step",
    "#ScenarioLine": "a scenario",
    "#FeatureLine": "Feature:",
    "#RuleLine": "Rule:",
    "#BackgroundLine": "Background:",
    "#ExamplesLine": "Examples:",
    "#TagLine": "tags",
    "#TableRow": "a table row",
    "#DocStringSeparator": "a doc string",
    "#Other": "text",
}


class Tag(msgspec.Struct, frozen=True):
    """A tag without its `@`."""

    name: str
    place: Place


class Step(msgspec.Struct, frozen=True):
    """A step: what its keyword comes to, its text, where it stands, what hangs below it."""

    keyword: Keyword | None
    text: str
    place: Place
    argument: Argument | None = None


class Scenario(msgspec.Struct, frozen=True):
    """A scenario, or one row of an outline.

    Attributes:
        levels: tags, nearest first: examples, scenario, rule, feature.
        row: number of the outline's row, from 1; 0 for a plain scenario.
        steps: the background's steps first.
    """

    title: str
    place: Place
    levels: tuple[tuple[Tag, ...], ...]
    steps: tuple[Step, ...]
    row: int = 0


class FeatureText(msgspec.Struct, frozen=True):
    """A parsed feature file; `outer` are the tags of its feature and rules."""

    title: str
    place: Place
    scenarios: tuple[Scenario, ...]
    outer: tuple[Tag, ...] = ()


def read_feature(source: Source, findings: Findings) -> FeatureText | None:
    """Parse a feature file; None when it has no readable feature, which is then a finding."""
    from gherkin.errors import CompositeParserException, ParserException  # noqa: PLC0415  40 ms
    from gherkin.parser import Parser  # noqa: PLC0415

    text = findings.read(source)
    if text is None:
        return None
    try:
        document: Any = Parser().parse(text)
    except CompositeParserException as errors:
        for error in errors.errors:
            _add_syntax_error(error, source.name, findings)
        return None
    except ParserException as error:
        _add_syntax_error(error, source.name, findings)
        return None
    feature = document.get("feature")
    if feature is None:
        findings.add("empty-file", findings.whole_file(source.name), "the file has no Feature:", "begin with Feature:")
        return None
    return _Reader(source.name, findings, feature["language"]).feature(feature)


def _add_syntax_error(error: Any, file: str, findings: Findings) -> None:
    line, column = error.location["line"], error.location.get("column") or 1
    text = findings.line(Place(file, line, 1, 1))
    message = re.sub(r"^\([0-9:]+\): ", "", str(error))
    message = (
        message.replace("#Comment, ", "").replace("#Empty, ", "").replace(", #Comment", "").replace(", #Empty", "")
    )
    for name, words in _NAMES.items():
        message = message.replace(name, words)
    fix = "see the Gherkin reference, or compare with a scenario that works"
    colon = re.match(r"\s*([^\W\d_]+):\s", text + " ")
    if "not supported" in message:
        from gherkin.dialect import DIALECTS  # noqa: PLC0415

        fix = did_you_mean(message.rpartition(" ")[2], DIALECTS) or "use a language code such as en, sv or de"
    elif colon and colon[1] in {"Given", "When", "Then", "And", "But"}:
        message, fix = f"{colon[1]}: has a stray colon", f"write {colon[1]} without the colon"
    findings.add("gherkin-syntax", Place(file, line, column, max(len(text), column) + 1), message, fix)


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
        if not _has_scenario(node):
            self._findings.add(
                "scenario-without-steps", place, f"feature {node['name']!r} has no scenario", "write one, or remove it"
            )
        return FeatureText(node["name"], place, scenarios, tuple(self._outer))

    def _children(
        self, children: Sequence[Any], steps: tuple[Step, ...], levels: tuple[tuple[Tag, ...], ...]
    ) -> Iterator[Scenario]:
        for child in children:
            if "background" in child:
                self._describe(child["background"], steps_expected=True)
                steps += self._steps(child["background"]["steps"], steps)
            elif "rule" in child:
                self._describe(child["rule"])
                tags = self._tags(child["rule"])
                self._outer += tags
                yield from self._children(child["rule"]["children"], steps, (tags, *levels))
            else:
                yield from self._scenario(child["scenario"], steps, levels)

    def _scenario(
        self, node: Any, background: tuple[Step, ...], levels: tuple[tuple[Tag, ...], ...]
    ) -> Iterator[Scenario]:
        self._describe(node, steps_expected=True)
        place = self._place(node)
        levels = (self._tags(node), *levels)
        own = self._steps(node["steps"], background)
        if not own:
            self._findings.add(
                "scenario-without-steps", place, f"scenario {node['name']!r} has no steps", "write Given and Then steps"
            )
            return
        if not node["examples"] and not self._is_outline(node["keyword"]):
            yield Scenario(node["name"], place, levels, background + own)
            return
        rows = 0
        for examples in node["examples"]:
            self._describe(examples)
            tags = self._tags(examples)
            for row in examples["tableBody"]:
                rows += 1
                cells = self._bindings(examples["tableHeader"], row)
                self._check_placeholders(own, cells)
                steps = tuple(_fill(step, cells) for step in own)
                yield Scenario(_replace(node["name"], cells), place, (tags, *levels), background + steps, rows)
        if rows == 0:
            fix = "add an Examples: table with a row, or write Scenario:"
            self._findings.add("gherkin-syntax", place, f"outline {node['name']!r} has no example row", fix)

    def _is_outline(self, keyword: str) -> bool:
        return keyword in self._words.outline

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
        rows = tuple(tuple(self._cell(cell) for cell in row["cells"]) for row in table["rows"]) if table else ()
        if table and any(not row for row in rows):
            rows = ()
        return Argument(rows, doc["content"] if doc is not None else None)

    def _cell(self, node: Any) -> Cell:
        line, column = node["location"]["line"], node["location"]["column"]
        return Cell(node["value"], Place(self._file, line, column, column + len(node["value"])))

    def _tags(self, node: Any) -> tuple[Tag, ...]:
        return tuple(
            Tag(
                tag["name"].removeprefix("@"),
                Place(
                    self._file,
                    tag["location"]["line"],
                    tag["location"]["column"],
                    tag["location"]["column"] + len(tag["name"]),
                ),
            )
            for tag in node["tags"]
        )

    def _bindings(self, header: Any, row: Any) -> dict[str, str]:
        names = [cell["value"] for cell in header["cells"]]
        return dict(zip(names, (cell["value"] for cell in row["cells"]), strict=False))

    def _check_placeholders(self, steps: tuple[Step, ...], cells: dict[str, str]) -> None:
        for step in steps:
            for name in re.findall(r"(?<!\?P)<(\w[\w ]*)>", step.text):
                if name not in cells:
                    fix = did_you_mean(name, cells) or f"the columns are {', '.join(cells)}"
                    place = self._findings.within(step.place, f"<{name}>")
                    self._findings.add("gherkin-syntax", place, f"<{name}> is not a column of the examples", fix)

    def _describe(self, node: Any, *, steps_expected: bool = False) -> None:
        description = node.get("description")
        if not description:
            return
        start = node["location"]["line"] + 1
        while not self._findings.line(Place(self._file, start, 1, 1)).strip():
            start += 1
        for line in range(start, start + description.count("\n") + 1):
            text = self._findings.line(Place(self._file, line, 1, 1))
            why = swallowed_lines(text.strip(), self._words, steps_expected=steps_expected)
            if why:
                column = len(text) - len(text.lstrip()) + 1
                self._findings.add("swallowed-line", Place(self._file, line, column, len(text.rstrip()) + 1), *why)

    def _place(self, node: Any) -> Place:
        line, column = node["location"]["line"], node["location"]["column"]
        text = self._findings.line(Place(self._file, line, 1, 1))
        return Place(self._file, line, column, max(len(text.rstrip()), column) + 1)


def _has_scenario(node: Any) -> bool:
    return any("scenario" in child or ("rule" in child and _has_scenario(child["rule"])) for child in node["children"])


def _replace(text: str, cells: dict[str, str]) -> str:
    for name, value in cells.items():
        text = text.replace(f"<{name}>", value)
    return text


def _fill(step: Step, cells: dict[str, str]) -> Step:
    argument = step.argument
    if argument is not None:
        rows = tuple(tuple(Cell(_replace(cell.text, cells), cell.place) for cell in row) for row in argument.rows)
        argument = Argument(rows, None if argument.text is None else _replace(argument.text, cells))
    return Step(step.keyword, _replace(step.text, cells), step.place, argument)
