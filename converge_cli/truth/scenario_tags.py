"""Tags: what a scenario is, and when an invariant is judged. A tag that says nothing of any scenario is a finding."""

from typing import Any, Literal, get_args

from converge_cli.core.errors import did_you_mean
from converge_cli.core.ids import CLAUSE_ID
from converge_cli.core.invariant import InvariantClass
from converge_cli.truth.feature_text import FeatureText, Scenario, Tag
from converge_cli.truth.findings import Findings

Sort = Literal["invariant", "validation", "suggestor", "e2e", "manual"]
_SORTS: dict[str, Sort] = {
    "invariant": "invariant",
    "validation": "validation",
    "suggestor": "suggestor",
    "agent": "suggestor",
    "e2e": "e2e",
    "manual": "manual",
}
CLASSES: tuple[InvariantClass, ...] = get_args(InvariantClass)
_KNOWN = [*_SORTS, *CLASSES]


class ScenarioTags:
    """The tags of one feature, and which of them any scenario takes up."""

    def __init__(self, feature: FeatureText, findings: Findings) -> None:
        self._feature = feature
        self._findings = findings
        self._taken: set[Tag] = set()

    def check_outer(self) -> None:
        """Check the tags above the feature and its rules."""
        for tag in self._feature.outer:
            self._is_known(tag)
            if tag.name.startswith("id:"):
                self._misused(tag, "an id belongs to one scenario", "put it above one scenario")

    def check_own(self, scenario: Scenario) -> bool:
        """Check the tags of a scenario and of its examples; False when one of them is unknown."""
        levels = scenario.levels[: 2 if scenario.row else 1]
        for tag in levels[0] if scenario.row else ():
            if tag.name in _KNOWN and tag.name != "manual":
                fix = "put it above the outline; above Examples stand @id:<name> and @manual"
                self._misused(tag, "what a scenario is, is the same for all of its examples", fix)
        known = [self._is_known(tag) for level in levels for tag in level]
        return all(known)

    def check_inherited(self) -> None:
        """Add a finding for each outer tag that every scenario below overrides or has no use for."""
        for tag in self._feature.outer:
            if tag.name in _KNOWN and tag not in self._taken:
                fix = "remove it, or the tags of the scenarios that override it"
                self._misused(tag, f"no scenario below takes up @{tag.name}", fix)

    def sort(self, scenario: Scenario) -> Sort | None:
        """What a scenario is, by its nearest tags; None after a finding."""
        self._take(scenario)
        if any(tag.name == "manual" for level in scenario.levels for tag in level):
            return "manual"
        for level in scenario.levels:
            sorts = {_SORTS[tag.name]: tag for tag in level if tag.name in _SORTS}
            if len(sorts) > 1:
                names = " and ".join(f"@{name}" for name in sorts)
                fix = "keep one of the tags, or write two scenarios"
                self._misused(list(sorts.values())[1], f"a scenario can't be {names}", fix)
                return None
            if sorts:
                return next(iter(sorts))
        if self._misspelt(scenario):
            return None
        fix = "tag it @invariant, @validation, @suggestor, @e2e or @manual"
        message = f"scenario {scenario.title!r} does not say what it is"
        self._findings.add("misused-tag", scenario.place, message, fix)
        return None

    def invariant_class(self, scenario: Scenario, *, at_fixed_point: bool) -> InvariantClass | None:
        """When an invariant is judged, by its nearest tags or its Given; None after a finding."""
        named = _nearest(scenario, CLASSES)
        if len(named) > 1:
            self._misused(named[1], "an invariant has one class", "keep one of the tags")
            return None
        if named:
            when: Any = named[0].name
            if when == "acceptance" or not at_fixed_point:
                found: InvariantClass = when
                return found
            fix = "tag it @acceptance, or remove the Given"
            self._misused(named[0], f"a {when} invariant is judged before the fixed point", fix)
            return None
        if at_fixed_point:
            return "acceptance"
        fix = "add @structural, @semantic or @acceptance"
        self._findings.add("misused-tag", scenario.place, f"invariant {scenario.title!r} has no class", fix)
        return None

    def _take(self, scenario: Scenario) -> None:
        sorts = _nearest(scenario, ("manual",)) or _nearest(scenario, _SORTS)
        self._taken.update(sorts)
        if any(tag.name in {"invariant", "manual"} for tag in sorts):
            self._taken.update(_nearest(scenario, CLASSES))

    def _is_known(self, tag: Tag) -> bool:
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
        mending = self._findings.mending(tag.place, tag.name, _KNOWN)
        self._findings.add("unknown-tag", tag.place, f"unknown tag @{tag.name}", fix, mending)
        return False

    def _misspelt(self, scenario: Scenario) -> bool:
        """Whether a tag says what the scenario is, but for its spelling: that finding is enough."""
        strange = {tag.name for level in scenario.levels for tag in level if tag.name not in _KNOWN}
        return any(did_you_mean(name, _SORTS) for name in strange if not name.startswith("id:"))

    def _misused(self, tag: Tag, message: str, fix: str) -> None:
        self._findings.add("misused-tag", tag.place, message, fix)


def _nearest(scenario: Scenario, names: Any) -> list[Tag]:
    """The tags with these names of the nearest level that has any."""
    for level in scenario.levels:
        found = [tag for tag in level if tag.name in names]
        if found:
            return found
    return []
