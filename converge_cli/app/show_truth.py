"""A truth as a page: who wants what, what keeps each clause and where that is written, who decides, what shows it."""

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from converge_cli.app.declared import Declared
from converge_cli.app.load_truth import LoadedTruth, load_at, locate_truth
from converge_cli.app.named_checks import named_checks
from converge_cli.app.services import Services
from converge_cli.app.shown_path import shown
from converge_cli.app.truth_shelf import TruthShelf
from converge_cli.core.approval import ApprovalPoint
from converge_cli.core.criterion import Criterion
from converge_cli.core.entity_states import EntityStates
from converge_cli.core.example import Example
from converge_cli.core.invariant import Invariant, Validation
from converge_cli.core.job import Clause
from converge_cli.core.person import Person
from converge_cli.truth.catalog import TruthLocation, list_truths
from converge_cli.truth.files import read_source
from converge_cli.truth.findings import Findings
from converge_cli.truth.yaml_source import plain, read_yaml

Page = dict[str, Any]

_SECTION_OF = {
    "failure_mode": "failure_modes",
    "must_not": "must_not",
    "evidence": "requires",
    "requires_approval": "requires_approval",
    "constraint": "constraints",
    "criterion": "success_criteria",
}
_SHARED_LISTS = ("clauses", "checks", "approvals", "examples")
_SORTS = {"VALIDATION": "validation", "CONSTRAINT": "constraint", "CONTRACT": "suggestor contract"}


def show_truth(services: Services, name: str) -> Page:
    """The page as data.

    Raises:
        InvalidTruthError: it, or the job that a policy or invariant truth is shown in, does not compile.
        ConvergeError: there is no such truth, or a file of it can't be read.
    """
    location = locate_truth(services, name)
    header = {"key": location.key, "kind": location.kind, "file": shown(location.file, services.folder)}
    if location.runs:
        truth = _loaded(services, location)
        return header | _job_head(truth) | _Parts(services, truth).page()
    jobs = TruthShelf(services).jobs_of(location)
    head = header | _shared_head(location) | {"applies_to": [job.key for job in jobs]}
    if not jobs:
        return head | {name: [] for name in _SHARED_LISTS}
    parts = _Parts(services, _loaded(services, jobs[0]), only=location).page()
    return head | {name: parts[name] for name in _SHARED_LISTS}


def _loaded(services: Services, location: TruthLocation) -> LoadedTruth:
    return load_at(services, location) if services.shelf is None else services.shelf.load(location.key)


def _job_head(truth: LoadedTruth) -> Page:
    job = truth.job
    return {
        "title": job.title,
        "purpose": msgspec.to_builtins(job.purpose),
        "principal": job.principal,
        "expires": job.expires,
        "escalates_to": job.escalates_to,
        "merged": list(job.merged),
        "packs": [msgspec.to_builtins(pack) for pack in job.packs],
        "inputs": [msgspec.to_builtins(item) | {"required": item.required} for item in job.inputs],
        "entity_states": [machine_data(machine) for machine in job.entity_states],
        "budget": msgspec.to_builtins(job.budget),
        "outputs": {item.name: item.selection.words for item in job.outputs},
    }


def machine_data(machine: EntityStates) -> Page:
    """Where entities of a kind begin, how they may move, and where they end."""
    return {
        "kind": machine.kind,
        "field": machine.field,
        "initial": list(machine.initial),
        "final": list(machine.final),
        "transitions": [
            {"from": item.source, "to": item.target, "gates": list(item.gates), "role": item.role}
            for item in machine.transitions
        ],
    }


def _shared_head(location: TruthLocation) -> Page:
    values = plain(read_yaml(read_source(location.file), Findings()))
    known = values if isinstance(values, dict) else {}
    return {"title": str(known.get("title", "")), "pack": known.get("pack")}


class _Parts:
    """The lists of a page; `only` keeps those that a merged truth brings into the job."""

    def __init__(self, services: Services, truth: LoadedTruth, only: TruthLocation | None = None) -> None:
        self._job = truth.job
        self._checks: tuple[Invariant | Validation, ...] = (*truth.job.invariants, *truth.job.validations)
        self._people = truth.people
        beside = {item.key: item for item in list_truths(truth.location.file.parent, services.shipped)}
        merged = [beside[key] for key in truth.job.merged if key in beside]
        self._declared = Declared(truth.location, merged, services.folder)
        self._files = None if only is None else _prefixes(only, services)
        self._named = [(item, named_checks(item, self._job)) for item in truth.compilation.examples]

    def page(self) -> Page:
        """All lists."""
        return {
            "clauses": self._kept(self._job.clauses, self._clause),
            "criteria": [self._criterion(item) for item in self._job.criteria],
            "checks": self._kept(self._checks, self._check),
            "approvals": self._kept(self._job.approval_points, self._approval),
            "examples": self._kept([item for item, _ in self._named], self._example),
        }

    def _kept(self, items: Iterable[Any], tell: Callable[[Any], Page]) -> list[Page]:
        told = [tell(item) for item in items]
        if self._files is None:
            return told
        return [item for item in told if (item["declared"] or "").rpartition(":")[0] in self._files]

    def _clause(self, item: Clause) -> Page:
        return {
            "clause": item.clause,
            "id": item.id,
            "text": item.text,
            "declared": self._declared.item(_SECTION_OF[item.clause], item.id),
            "check": item.check,
            "check_declared": self._place_of(item.check),
            "deferred": item.deferred,
            "examples": self._examples(item.check),
        }

    def _criterion(self, item: Criterion) -> Page:
        return {
            "id": item.id,
            "description": item.description,
            "required": item.required,
            "blocked_by": list(item.blocked_by),
            "then": [then.text for then in item.then],
            "declared": self._place_of(item.id),
            "examples": self._examples(item.id),
        }

    def _check(self, item: Invariant | Validation) -> Page:
        if isinstance(item, Invariant):
            sort, soft, suggestor = f"{item.when} invariant", item.soft, None
        else:
            sort, soft, suggestor = _SORTS[item.code], False, item.suggestor
        return {
            "id": item.id,
            "sort": sort,
            "soft": soft,
            "title": item.title,
            "suggestor": suggestor,
            "declared": self._declared.origin(item.origin),
            "examples": self._examples(item.id),
        }

    def _approval(self, point: ApprovalPoint) -> Page:
        return {
            "id": point.id,
            "role": point.role,
            "holders": [_holder(person) for person in self._people if point.role in person.roles],
            "approves": point.approves.words,
            "modes": list(point.modes),
            "not_by": list(point.not_by),
            "quorum": point.quorum,
            "timeout": msgspec.to_builtins(point.timeout),
            "required": point.id in self._job.required_approvals,
            "declared": self._declared.item("approval_points", point.id),
            "examples": self._examples(point.id),
        }

    def _example(self, item: Example) -> Page:
        named = next(names for example, names in self._named if example is item)
        return {
            "id": item.id,
            "title": item.title,
            "declared": self._declared.origin(item.origin),
            "names": sorted(named),
        }

    def _examples(self, check: str | None) -> list[str]:
        return [example.id for example, names in self._named if check in names]

    def _place_of(self, check: str | None) -> str | None:
        """Where the check of a clause is: a scenario, a constraint, a criterion, an evidence item."""
        if check is None:
            return None
        for item in self._checks:
            if item.id == check:
                return self._declared.origin(item.origin)
        return self._declared.item("success_criteria", check) or self._declared.item("requires", check)


def _prefixes(location: TruthLocation, services: Services) -> frozenset[str]:
    return frozenset(shown(path, services.folder) for path in (location.file, *location.features))


def _holder(person: Person) -> Page:
    return {"id": person.id, "name": person.name}
