"""Scenarios to invariants, validations, contracts, examples and documented gaps, by their tags."""

from pathlib import PurePath
from typing import Any, Literal, get_args

import msgspec

from converge_cli.core.errors import did_you_mean
from converge_cli.core.example import Example, ExpectedOutcome, Gap
from converge_cli.core.ids import CLAUSE_ID
from converge_cli.core.invariant import Invariant, InvariantClass, Origin, Validation
from converge_cli.truth.clause_ids import ClauseIds, id_of_title
from converge_cli.truth.clause_reader import Clause, ClauseReader
from converge_cli.truth.findings import Findings, Place
from converge_cli.truth.gherkin_source import FeatureText, Scenario, Tag
from converge_cli.truth.step_catalogue import Converges
from converge_cli.truth.step_parser import read_step

Sort = Literal["invariant", "validation", "suggestor", "e2e", "manual"]
_SORTS: dict[str, Sort] = {
    "invariant": "invariant",
    "validation": "validation",
    "suggestor": "suggestor",
    "agent": "suggestor",
    "e2e": "e2e",
    "manual": "manual",
}
_CLASSES: tuple[InvariantClass, ...] = get_args(InvariantClass)
_KNOWN = [*_SORTS, *_CLASSES]


class Compiled(msgspec.Struct):
    """What the scenarios came to, so far; `givens` are the places of each example's Givens, for late references."""

    invariants: list[Invariant] = []
    validations: list[Validation] = []
    examples: list[Example] = []
    gaps: list[Gap] = []
    givens: dict[str, tuple[Place, ...]] = {}


class ScenarioCompiler:
    """Compiles the features of one truth into `compiled`."""

    def __init__(self, reader: ClauseReader, ids: ClauseIds, findings: Findings) -> None:
        self._reader = reader
        self._ids = ids
        self._findings = findings
        self.compiled = Compiled()

    def feature(self, feature: FeatureText) -> None:
        """Compile every scenario of a feature."""
        for tag in feature.outer:
            self._check_tag(tag)
            if tag.name.startswith("id:"):
                fix = "put it above one scenario"
                self._findings.add("misused-tag", tag.place, "an id belongs to one scenario", fix)
        for scenario in feature.scenarios:
            self._scenario(scenario)

    def _scenario(self, scenario: Scenario) -> None:
        own = [tag for level in scenario.levels[: 2 if scenario.row else 1] for tag in level]
        known = [self._check_tag(tag) for tag in own]
        sort = self._sort(scenario)
        scenario_id = self._id(scenario, own)
        if scenario_id is None or not self._ids.declare(scenario_id, scenario.place):
            return
        if not all(known) or sort is None:
            return
        if sort != "manual" and not any(step.keyword == "then" for step in scenario.steps):
            fix = "write at least one Then step"
            message = f"scenario {scenario.title!r} has no Then, so it asserts nothing"
            self._findings.add("scenario-without-then", scenario.place, message, fix)
            return
        classes = [tag for tag in own if tag.name in _CLASSES]
        if classes and sort not in {"invariant", "manual"}:
            fix = "add @invariant, or remove the tag"
            self._findings.add("misused-tag", classes[0].place, f"@{classes[0].name} is for invariants only", fix)
            return
        self._compile(sort, scenario, scenario_id)

    def _compile(self, sort: Sort, scenario: Scenario, scenario_id: str) -> None:
        origin = _origin(scenario.place)
        if sort == "manual":
            self.compiled.gaps.append(Gap(scenario_id, scenario.title, origin))
            message = f"nothing runs {scenario.title!r}: it is a documented gap"
            fix = "tag it @e2e, @invariant, @validation or @suggestor as soon as its steps can say it"
            self._findings.add("manual-scenario", scenario.place, message, fix)
        elif sort == "e2e":
            self._example(scenario, scenario_id, origin)
        elif sort == "invariant":
            clause = self._reader.read(scenario.steps, "invariant", scenario.place)
            when = self._class(scenario, clause)
            if clause is not None and when is not None:
                made = Invariant(scenario_id, scenario.title, when, clause.given, clause.then, origin)
                self.compiled.invariants.append(made)
        else:
            clause = self._reader.read(
                scenario.steps, "contract" if sort == "suggestor" else "validation", scenario.place
            )
            if clause is not None:
                code: Literal["CONTRACT", "VALIDATION"] = "CONTRACT" if sort == "suggestor" else "VALIDATION"
                self.compiled.validations.append(
                    Validation(scenario_id, scenario.title, clause.given, clause.then, origin, code, clause.suggestor)
                )

    def _class(self, scenario: Scenario, clause: Clause | None) -> InvariantClass | None:
        for level in scenario.levels:
            named = [tag for tag in level if tag.name in _CLASSES]
            if len(named) > 1:
                self._findings.add("misused-tag", named[1].place, "an invariant has one class", "keep one of the tags")
                return None
            if named:
                found: Any = named[0].name
                return self._checked_class(found, named[0].place, clause)
        if clause is not None and any(item.what == "fixed point" for item in clause.given):
            return "acceptance"
        fix = "add @structural, @semantic or @acceptance"
        self._findings.add("misused-tag", scenario.place, f"invariant {scenario.title!r} has no class", fix)
        return None

    def _checked_class(self, when: InvariantClass, place: Place, clause: Clause | None) -> InvariantClass | None:
        if when != "acceptance" and clause is not None and any(item.what == "fixed point" for item in clause.given):
            fix = "tag it @acceptance, or remove the Given"
            self._findings.add("misused-tag", place, f"a {when} invariant is judged before the fixed point", fix)
            return None
        return when

    def _check_tag(self, tag: Tag) -> bool:
        if tag.name in _KNOWN:
            return True
        if tag.name.startswith("id:"):
            if CLAUSE_ID.fullmatch(tag.name[3:]):
                return True
            fix = "write small letters, digits and underscores after @id:"
            self._findings.add("malformed-id", tag.place, f"@{tag.name} is not a well-formed id", fix)
            return False
        guess = did_you_mean(tag.name, [*_KNOWN, "id:"])
        fix = guess or f"the tags are @{', @'.join(_KNOWN)} and @id:<name>"
        self._findings.add("unknown-tag", tag.place, f"unknown tag @{tag.name}", fix)
        return False

    def _sort(self, scenario: Scenario) -> Sort | None:
        if any(tag.name == "manual" for level in scenario.levels for tag in level):
            return "manual"
        for level in scenario.levels:
            sorts = {_SORTS[tag.name]: tag for tag in level if tag.name in _SORTS}
            if len(sorts) > 1:
                tag = list(sorts.values())[1]
                names = " and ".join(f"@{name}" for name in sorts)
                fix = "keep one of the tags, or write two scenarios"
                self._findings.add("misused-tag", tag.place, f"a scenario can't be {names}", fix)
                return None
            if sorts:
                return next(iter(sorts))
        fix = "tag it @invariant, @validation, @suggestor, @e2e or @manual"
        message = f"scenario {scenario.title!r} does not say what it is"
        self._findings.add("misused-tag", scenario.place, message, fix)
        return None

    def _id(self, scenario: Scenario, own: list[Tag]) -> str | None:
        tags = [tag for tag in own if tag.name.startswith("id:")]
        if len(tags) > 1:
            self._findings.add("misused-tag", tags[1].place, "a scenario has one id", "keep one of the tags")
            return None
        base = tags[0].name[3:] if tags else id_of_title(scenario.title)
        if not base:
            fix = "add @id:<name>"
            self._findings.add("malformed-id", scenario.place, f"no id can be made of {scenario.title!r}", fix)
            return None
        return f"{base}_{scenario.row}" if scenario.row else base

    def _example(self, scenario: Scenario, scenario_id: str, origin: Origin) -> None:
        given, places, then, runs = [], [], [], False
        usable = True
        for step in scenario.steps:
            if step.keyword is None:
                usable = False
                continue
            value = read_step(
                step.text,
                step.place,
                self._findings,
                keyword=step.keyword,
                scopes=("example",),
                argument=step.argument,
            )
            if value is None:
                usable = False
            elif isinstance(value, Converges):
                runs = True
            elif step.keyword == "given":
                given.append(value)
                places.append(step.place)
            else:
                then.append(ExpectedOutcome(step.text, value, _origin(step.place)))
        if usable and not runs:
            fix = "write: When the truth runs to convergence"
            self._findings.add("misplaced-step", scenario.place, f"example {scenario.title!r} runs nothing", fix)
            usable = False
        if usable:
            self.compiled.givens[scenario_id] = tuple(places)
            self.compiled.examples.append(Example(scenario_id, scenario.title, tuple(given), tuple(then), origin))


def _origin(place: Place) -> Origin:
    # The name alone: a compiled job must not depend on where its files lie.
    return Origin(PurePath(place.file).name, place.line, place.column)
