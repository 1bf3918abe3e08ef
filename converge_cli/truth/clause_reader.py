"""Given and Then steps to one clause: selections and checks that fit together and fit the vocabulary.

The same for scenarios and for the sentences of the YAML contract. Must never judge a fact.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import msgspec
from msgspec import inspect

from converge_cli.core import predicate as p
from converge_cli.core.errors import did_you_mean
from converge_cli.truth.bounds import check_bounds
from converge_cli.truth.feature_text import Step
from converge_cli.truth.findings import Findings, Place
from converge_cli.truth.step_catalogue import NamedEvidence, OnlyUnderKeys, Scope, SuggestorExecutes
from converge_cli.truth.step_parser import read_step
from converge_cli.truth.vacuous import holds_always, mistyped, never_holds, type_at
from converge_cli.truth.vocabulary import Vocabulary

Home = Literal["invariant", "validation", "contract", "constraint", "criterion"]
_ON_THE_SUBJECT = (
    p.Includes,
    p.ForbiddenTerms,
    p.FieldIs,
    p.FieldUnique,
    p.FieldEquals,
    p.SumIs,
    p.ConfidenceAtLeast,
)
_ON_A_SET = (p.FieldUnique, p.SumIs)
_GIVENS: Mapping[Home, frozenset[str]] = {
    "invariant": frozenset({"any", "contains", "approval", "fixed point"}),
    "criterion": frozenset({"any", "contains", "approval", "fixed point"}),
    "constraint": frozenset({"any", "contains", "approval", "fixed point", "proposal"}),
    "validation": frozenset({"proposal", "contains"}),
    "contract": frozenset({"proposal", "contains"}),
}


_AN: Mapping[Home, str] = {
    "invariant": "an invariant",
    "criterion": "a criterion",
    "constraint": "a constraint",
    "validation": "a validation",
    "contract": "a contract",
}


class Clause(msgspec.Struct, frozen=True):
    """What a list of steps comes to; `places` are those of the checks, in order."""

    given: tuple[p.Given, ...]
    then: tuple[p.Then, ...]
    places: tuple[Place, ...]
    suggestor: str | None = None

    @property
    def on_proposals(self) -> bool:
        """Whether proposals are judged, not facts."""
        return any(item.what == "proposal" for item in self.given)


class ClauseReader:
    """Reads clauses of one truth; `evidence` maps the ids of its evidence items to what satisfies them."""

    def __init__(self, vocabulary: Vocabulary, evidence: Mapping[str, p.Selection], findings: Findings) -> None:
        self._vocabulary = vocabulary
        self._evidence = evidence
        self._findings = findings

    def read(self, steps: Sequence[Step], home: Home, place: Place) -> Clause | None:
        """The clause of the steps, or None after findings; `place` is of the clause as a whole."""
        scopes: tuple[Scope, ...] = ("rule", "contract") if home == "contract" else ("rule",)
        values: list[tuple[Step, Any]] = []
        usable = True
        for step in self.replaced(steps):
            if step.keyword is None:
                usable = False
                continue
            argument = step.argument
            value = read_step(
                step.text, step.place, self._findings, keyword=step.keyword, scopes=scopes, argument=argument
            )
            usable = usable and value is not None
            values.append((step, value))
        if not usable:
            return None
        return self._assemble(values, home, place)

    def replaced(self, steps: Sequence[Step]) -> tuple[Step, ...]:
        """The steps, with those of packs replaced by what they stand for."""
        return self._vocabulary.pack_steps.replaced(steps, self._findings)

    def read_selection(self, text: str, place: Place, *, proposals: bool) -> p.Selection | None:
        """The selection of `any fact ...` or (`proposals`) `any proposal ...`, checked; None after a finding."""
        sentences = self.replaced([Step("given", text, place)])
        if len(sentences) != 1:
            fix = "write the selection itself"
            self._findings.add("misplaced-step", place, "the sentence stands for several, not for one selection", fix)
            return None
        if sentences[0].keyword is None:
            return None
        given = read_step(sentences[0].text, place, self._findings, keyword="given", scopes=("rule",))
        if given is None:
            return None
        wanted = "proposal" if proposals else "any"
        if given.what != wanted or given.selection is None:
            noun = "proposal" if proposals else "fact"
            fix = f'write: any {noun} under key "K" ...'
            self._findings.add("misplaced-step", place, f"the sentence does not select {noun}s", fix)
            return None
        self._vocabulary.check_selection(given.selection, place, self._findings)
        self._check_where(given.selection, place)
        selection: p.Selection = given.selection
        return selection

    def _assemble(self, values: list[tuple[Step, Any]], home: Home, place: Place) -> Clause | None:
        givens = [(step, value) for step, value in values if isinstance(value, p.Given)]
        names = [(step, value.name) for step, value in values if isinstance(value, SuggestorExecutes)]
        if home == "contract" and not self._check_suggestor(names, place):
            return None
        usable = self._check_givens(givens, home, place)
        subject = self._subject(givens)
        then, places = [], []
        for step, value in values:
            if isinstance(value, p.Given | SuggestorExecutes):
                continue
            check = self._resolve(value, step, names[0][1] if names else "")
            if check is None or not self._check_check(check, givens, home, step):
                usable = False
                continue
            self._vocabulary.check_check(check, subject, step.place, self._findings)
            self._check_sense(check, [given for _, given in givens], subject, home, step.place)
            then.append(p.Then(step.text, check))
            places.append(step.place)
        if not usable:
            return None
        check_bounds(then, places, self._findings)
        suggestor = names[0][1] if names else None
        return Clause(tuple(value for _, value in givens), tuple(then), tuple(places), suggestor)

    def _check_suggestor(self, names: list[tuple[Step, str]], place: Place) -> bool:
        if len(names) != 1:
            self._findings.add(
                "misplaced-step",
                place,
                f"a contract names one suggestor, this one names {len(names)}",
                'write: When suggestor "name" executes',
            )
            return False
        step, name = names[0]
        known = [writer.name for writer in self._vocabulary.writers]
        if self._vocabulary.complete and name not in known:
            fix = did_you_mean(name, known) or f"the suggestors are {', '.join(known) or 'none'}"
            where = self._findings.within(step.place, f'"{name}"')
            self._findings.add("undefined-check", where, f"no active pack registers suggestor {name!r}", fix)
        return True

    def _check_givens(self, givens: list[tuple[Step, p.Given]], home: Home, place: Place) -> bool:
        usable = True
        for step, given in givens:
            if given.what not in _GIVENS[home]:
                fix = "select facts with any fact" if given.what == "proposal" else "select with any proposal"
                self._findings.add("misplaced-step", step.place, f"{_AN[home]} can't be given {step.text!r}", fix)
                usable = False
            if given.selection is not None:
                self._vocabulary.check_selection(given.selection, step.place, self._findings)
                self._check_where(given.selection, step.place)
            if given.point is not None:
                self._vocabulary.check_point(given.point, step.place, self._findings)
        kinds = {given.what for _, given in givens}
        if home == "validation" and usable and "proposal" not in kinds:
            fix = 'write: Given any proposal under key "K"'
            self._findings.add("misplaced-step", place, "a validation has no Given that selects proposals", fix)
            usable = False
        if "proposal" in kinds and not kinds <= {"proposal", "contains"}:
            fix = "guard with the Context contains facts, or write two clauses"
            self._findings.add("misplaced-step", place, "a clause judges proposals or facts, not both", fix)
            usable = False
        return usable

    def _subject(self, givens: list[tuple[Step, p.Given]]) -> frozenset[str]:
        """The kinds that are judged; empty when they are open."""
        kinds: set[str] = set()
        on_proposals = any(given.what == "proposal" for _, given in givens)
        for _, given in givens:
            if given.what == "fixed point" or (on_proposals and given.what != "proposal"):
                continue
            kind = "approval" if given.selection is None else (given.selection.id or "*").partition(":")[0]
            if kind not in self._vocabulary.kinds:
                return frozenset()
            kinds.add(kind)
        return frozenset(kinds)

    def _resolve(self, value: Any, step: Step, suggestor: str) -> p.Check | None:
        if isinstance(value, OnlyUnderKeys):
            return p.ProposesOnly(suggestor, value.keys)
        if not isinstance(value, NamedEvidence):
            check: p.Check = value
            return check
        selection = self._evidence.get(value.name)
        if selection is None and not self._vocabulary.complete:
            return None
        if selection is None:
            fix = did_you_mean(value.name, self._evidence) or "declare it under evidence: requires:, with satisfied_by"
            where = self._findings.within(step.place, f'"{value.name}"')
            self._findings.add("undefined-check", where, f"evidence {value.name!r} is not declared", fix)
            return None
        return p.EvidenceExists(value.name, selection)

    def _check_check(self, check: p.Check, givens: list[tuple[Step, p.Given]], home: Home, step: Step) -> bool:
        bare_count = isinstance(check, p.Count) and check.selection is None
        selects = any(given.what != "fixed point" for _, given in givens)
        if (isinstance(check, _ON_THE_SUBJECT) or bare_count) and not selects and home != "contract":
            fix = 'select with a Given, for example: any fact under key "K"'
            self._findings.add("misplaced-step", step.place, "nothing is selected for this check to judge", fix)
            return False
        on_proposals = home in {"validation", "contract"} or any(given.what == "proposal" for _, given in givens)
        if on_proposals and (isinstance(check, _ON_A_SET) or bare_count):
            fix = "write an invariant on the facts instead"
            self._findings.add("misplaced-step", step.place, "a single proposal can't be judged by this check", fix)
            return False
        return True

    def _check_sense(
        self, check: p.Check, givens: Sequence[p.Given], subject: frozenset[str], home: Home, place: Place
    ) -> None:
        """Add a finding for a check that can't fail, or that nothing can pass."""

        def type_of(path: str) -> inspect.Type | None:
            return self._type_at(path, subject)

        for selection in p.selections_of(check):
            self._check_where(selection, place)
        for why in holds_always(check, givens, type_of, judged=home != "criterion"):
            fix = "ask for what can fail, or remove it"
            self._findings.add("vacuous-check", place, f"this can't fail: {why}", fix)
        for never in never_holds(check, type_of):
            fix = "compare with a value that the field can have"
            self._findings.add("contradictory-check", place, f"nothing can pass: {never}", fix)

    def _check_where(self, selection: p.Selection, place: Place) -> None:
        """Add a finding for a selection that can't be told of any fact, since its field has another type."""
        if selection.where is not None:
            kind = frozenset({(selection.id or "*").partition(":")[0]})
            problem = mistyped(selection.where, self._type_at(selection.where.field, kind))
            if problem is not None:
                fix = "compare with a value of the field's type"
                self._findings.add("contradictory-check", place, f"nothing can be selected: {problem}", fix)

    def _type_at(self, path: str, kinds: frozenset[str]) -> inspect.Type | None:
        """The type of a field that only one kind can have; None when several kinds or none are judged."""
        known = [self._vocabulary.fields(name) for name in kinds if name in self._vocabulary.kinds]
        return type_at(known[0], path) if len(known) == len(kinds) == 1 else None
