"""Scenarios to invariants, validations, contracts, examples and documented gaps, by their tags."""

from collections.abc import Sequence
from pathlib import PurePath
from typing import Literal

import msgspec

from converge_cli.core.example import Example, ExpectedOutcome, Gap
from converge_cli.core.invariant import Invariant, Origin, Validation
from converge_cli.truth.claims import claims_nothing
from converge_cli.truth.clause_ids import ClauseIds, id_of_title
from converge_cli.truth.clause_reader import ClauseReader
from converge_cli.truth.feature_text import FeatureText, Scenario, Tag
from converge_cli.truth.findings import Findings, Place
from converge_cli.truth.scenario_tags import CLASSES, ScenarioTags, Sort
from converge_cli.truth.step_catalogue import Converges, Keyword
from converge_cli.truth.step_parser import read_step

_ORDER: tuple[Keyword, ...] = ("given", "when", "then")


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
        tags = ScenarioTags(feature, self._findings)
        tags.check_outer()
        titles: dict[str, Place] = {}
        for scenario in feature.scenarios:
            self._check_title(scenario, titles)
            self._scenario(scenario, tags)
        tags.check_inherited()

    def _check_title(self, scenario: Scenario, titles: dict[str, Place]) -> None:
        """Check that the title claims something, and is no other scenario's of the file."""
        if claims_nothing(scenario.title) and scenario.row < 2:
            message, fix = f"{scenario.title!r} claims nothing", "say in a sentence what is so when the scenario holds"
            self._findings.add("empty-claim", scenario.place, message, fix)
        first = titles.setdefault(" ".join(scenario.title.lower().split()), scenario.place)
        if first != scenario.place and scenario.row < 2:
            message = f"the title stands there twice, first in line {first.line}"
            self._findings.add("duplicate-name", scenario.place, message, "say how the two differ")

    def _scenario(self, scenario: Scenario, tags: ScenarioTags) -> None:
        own = scenario.levels[0] if not scenario.row else (*scenario.levels[0], *scenario.levels[1])
        known = tags.check_own(scenario)
        sort = tags.sort(scenario)
        scenario_id = self._id(scenario, own)
        if scenario_id is None or not self._ids.declare(scenario_id, scenario.place):
            return
        if not known or sort is None or not self._check_steps(sort, scenario):
            return
        classes = [tag for tag in own if tag.name in CLASSES]
        if classes and sort not in {"invariant", "manual"}:
            fix = "add @invariant, or remove the tag"
            self._findings.add("misused-tag", classes[0].place, f"@{classes[0].name} is for invariants only", fix)
            return
        self._compile(sort, scenario, scenario_id, tags)

    def _check_steps(self, sort: Sort, scenario: Scenario) -> bool:
        """Check that the steps come in order and assert something; what nobody runs may be prose."""
        if sort == "manual":
            return True
        last: Keyword = "given"
        for step in scenario.steps:
            keyword = step.keyword or last
            if _ORDER.index(keyword) < _ORDER.index(last):
                message = f"a {keyword.title()} step stands after a {last.title()} step"
                fix = "write Given, then When, then Then; what is given later belongs in another scenario"
                self._findings.add("misplaced-step", step.place, message, fix)
            elif keyword == "when" and sort == "e2e" and last == "when":
                fix = "keep one, and write another scenario for the other run"
                self._findings.add("misplaced-step", step.place, "an example runs once", fix)
            last = keyword
        if not any(step.keyword == "then" for step in scenario.steps):
            message = f"scenario {scenario.title!r} has no Then, so it asserts nothing"
            self._findings.add("scenario-without-then", scenario.place, message, "write at least one Then step")
            return False
        return True

    def _compile(self, sort: Sort, scenario: Scenario, scenario_id: str, tags: ScenarioTags) -> None:
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
            late = clause is not None and any(item.what == "fixed point" for item in clause.given)
            when = tags.invariant_class(scenario, at_fixed_point=late)
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

    def _id(self, scenario: Scenario, own: Sequence[Tag]) -> str | None:
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
        for step in self._reader.replaced(scenario.steps):
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
