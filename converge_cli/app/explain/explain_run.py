"""Explains a recorded run: a fact's provenance and what falls with it, a criterion, a gate, or the verdict.

Reads the record and what was kept with it; needs neither the project nor its packs.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from converge_cli.app.explain.data import asked_data, claim_data, decided_data
from converge_cli.app.explain.explain_gate import GateExplainer
from converge_cli.app.record.recorded_run import events_of, find_row
from converge_cli.app.services import Services
from converge_cli.core.criterion import Criterion, CriterionResult
from converge_cli.core.errors import ConvergeError, RecordCorruptError, did_you_mean
from converge_cli.core.event import RunResumed, RunStarted
from converge_cli.core.invariant import Invariant, Validation
from converge_cli.core.job import Clause, Job
from converge_cli.core.port import RunRow
from converge_cli.core.predicate import Given, Then
from converge_cli.core.registry import RegisteredSuggestor, Registry
from converge_cli.core.selector import Selector, selector
from converge_cli.engine.clauses import looked_at
from converge_cli.trace.provenance import Claim, Provenance

_MOST_NAMED = 20


class UnknownTargetError(ConvergeError):
    """Nothing of that name is in the run."""

    code = "TARGET_UNKNOWN"


@dataclass(frozen=True, slots=True)
class Explained:
    """What was asked for, as data; `what` is fact, criterion, gate or run."""

    what: str
    row: RunRow
    data: dict[str, Any]


def explain_run(services: Services, run: str, target: str | None = None) -> Explained:
    """Explain a run, or one thing of it.

    Args:
        services: the store.
        run: its id.
        target: id of a fact or proposal (with or without its key), id of a criterion, name or action of a gate.

    Raises:
        UnknownTargetError: nothing is named so; says what is near.
        ConvergeError: no such run, or its record is damaged.
    """
    row = find_row(services, run)
    try:
        explainer = _Explainer(services, row)
    except (KeyError, IndexError, msgspec.MsgspecError) as error:
        raise RecordCorruptError(
            f"the record of run {row.run} refers to what is not there: {error}",
            hint=f"converge replay {row.run} --verify names the place",
            where=row.run,
        ) from error
    return explainer.explain(target)


class _Explainer:
    def __init__(self, services: Services, row: RunRow) -> None:
        self._row, self._services = row, services
        events = tuple(events_of(services, row.run))
        first = events[0]
        assert isinstance(first, RunStarted)  # noqa: S101  the store gives no run without a beginning
        self._seen = Provenance(events)
        self._packs = [pack for event in events if isinstance(event, RunStarted | RunResumed) for pack in event.packs]
        self._job: Job = msgspec.json.decode(services.experience.get_blob(first.job), type=Job)
        self._suggestors: tuple[RegisteredSuggestor, ...] = ()
        if first.registry:
            self._suggestors = msgspec.json.decode(
                services.experience.get_blob(first.registry), type=Registry
            ).suggestors

    def explain(self, target: str | None) -> Explained:
        if target is None:
            return Explained("run", self._row, self._run())
        claim = self._seen.fact(self._fact_id(target))
        criterion = next((item for item in self._job.criteria if item.id == target), None)
        gates = [gate for gate in self._job.gates if target in {gate.name, gate.action}]
        if claim is not None:
            return Explained("fact", self._row, self._fact(claim))
        if criterion is not None:
            return Explained("criterion", self._row, self._criterion(criterion))
        if gates:
            return Explained("gate", self._row, self._gate(target))
        known = [
            *self._seen.claims,
            *(item.id for item in self._job.criteria),
            *(gate.name for gate in self._job.gates),
        ]
        raise UnknownTargetError(
            f"run {self._row.run} has no fact, criterion or gate {target!r}",
            hint=self._about(target) or did_you_mean(target, known) or f"converge explain {self._row.run} names them",
            where=target,
        )

    def _about(self, name: str) -> str:
        """The facts and proposals that bear a name, `e4` in `commitment:e4`; "" when none does."""
        bearing = [item for item in self._seen.claims if name.casefold() in item.casefold().split(":")]
        if not bearing:
            return ""
        more = f" and {len(bearing) - _MOST_NAMED} more" if len(bearing) > _MOST_NAMED else ""
        return f"{name} is in {', '.join(bearing[:_MOST_NAMED])}{more}"

    def _fact_id(self, target: str) -> str:
        """The id, also of a target with its context key."""
        key, _, rest = target.partition(":")
        claim = self._seen.fact(rest)
        return rest if claim is not None and claim.key == key else target

    def _fact(self, claim: Claim) -> dict[str, Any]:
        seen = self._seen
        falls = seen.above(claim.id)
        touched = {claim.id, *falls}
        return {
            "what": "fact",
            "run_id": self._row.run,
            "id": claim.id,
            "claims": {item: self._claim(seen.claims[item]) for item in seen.below(claim.id) if item in seen.claims},
            "clauses": [_clause(item) for item in self._clauses(claim)],
            "falls": {
                "facts": [item for item in falls if seen.claims[item].standing in {"fact", "corrected"}],
                "proposals": [item for item in falls if seen.claims[item].standing not in {"fact", "corrected"}],
                "criteria": [item.id for item in seen.criteria.values() if touched.intersection(item.evidence)],
            },
        }

    def _claim(self, claim: Claim) -> dict[str, Any]:
        return claim_data(self._seen, claim, self._job.gates)

    def _clauses(self, claim: Claim) -> list[Clause]:
        """The declared clauses whose checks look at the fact."""
        looking = self._looking()
        return [
            clause
            for clause in self._job.clauses
            if clause.check is not None and any(_selects(which, claim) for which in looking.get(clause.check, ()))
        ]

    def _looking(self) -> Mapping[str, list[Selector]]:
        """What the check of each id looks at."""
        found: dict[str, list[Selector]] = {}
        checks: list[Criterion | Invariant | Validation] = [*self._job.criteria, *self._job.invariants]
        for item in (*checks, *self._job.validations):
            found[item.id] = _selectors(item.given, item.then)
        for point in self._job.approval_points:
            found.setdefault(point.id, []).append(selector(point.approves.selector))
        return found

    def _criterion(self, criterion: Criterion) -> dict[str, Any]:
        result = self._seen.criteria.get(criterion.id)
        looked = _selectors(criterion.given, criterion.then)
        return {
            "what": "criterion",
            "run_id": self._row.run,
            "id": criterion.id,
            "description": criterion.description,
            "required": criterion.required,
            "result": "indeterminate" if result is None else result.result,
            "cause": None if result is None else result.cause,
            "reason": "the run has not judged it yet" if result is None else result.reason,
            "checks": [item.text for item in criterion.then],
            "evidence": [] if result is None else list(result.evidence),
            "claims": {item: self._claim(self._seen.claims[item]) for item in self._known(result)},
            "missing": [] if result is None else msgspec.to_builtins(result.missing),
            "clauses": [_clause(item) for item in self._job.clauses if item.check == criterion.id],
            "changed_by": [] if result is not None and result.result == "met" else self._changed_by(result, looked),
        }

    def _known(self, result: CriterionResult | None) -> list[str]:
        """The facts that it is met by, else the proposals on which it waits or fails."""
        if result is None:
            return []
        waiting = [item.fact for item in result.missing if item.fact is not None]
        return [item for item in (*result.evidence, *waiting) if item in self._seen.claims]

    def _changed_by(self, result: CriterionResult | None, looked: list[Selector]) -> list[str]:
        """Who or what could still make it met, in a sentence each."""
        said = []
        for missing in result.missing if result is not None else ():
            if missing.what == "input":
                said.append(f"input {missing.name}: converge resume {self._row.run} --input {missing.name}=PATH")
            else:
                said.append(
                    f"{missing.who} decides {missing.name}: converge approve {self._row.run} {missing.fact} "
                    "--as WHO --reason TEXT"
                )
        said += [
            f"{claim.id}, which is {claim.standing}: converge explain {self._row.run} {claim.id}"
            for claim in self._seen.claims.values()
            if claim.standing in {"denied", "rejected", "parked"} and any(_selects(which, claim) for which in looked)
        ]
        for item in self._suggestors:
            if any(selector(text).overlaps(which) for text in item.writes for which in looked):
                failed = self._seen.failures.get(item.name)
                state = (
                    f"failed last ({failed.code}: {failed.detail})" if failed is not None else "writes what it looks at"
                )
                said.append(f"suggestor {item.name}, which {state}")
        return said

    def _gate(self, name: str) -> dict[str, Any]:
        explainer = GateExplainer(self._services, self._job, self._packs, self._suggestors)
        return explainer.explain(self._row.run, name, self._seen)

    def _run(self) -> dict[str, Any]:
        seen = self._seen
        last = {(event.gate, event.fact): event for event in seen.gates.values()}
        return {
            "what": "run",
            "run_id": self._row.run,
            "truth": self._row.truth,
            "title": self._row.title,
            "status": self._row.status,
            "stop": None if seen.stop is None else msgspec.to_builtins(seen.stop),
            "criteria": [{"description": item.description, **self._result(item.id)} for item in self._job.criteria],
            "invariants": [msgspec.to_builtins(item) for item in seen.invariants.values() if item.verdict != "holds"],
            "gates": [decided_data(event, self._job.gates) for event in last.values()],
            "requests": [asked_data(seen, request) for request in seen.requests.values()],
            "refused": [
                {
                    "id": item.id,
                    "standing": item.standing,
                    "code": item.code,
                    "by": list(item.by),
                    "reason": item.reason,
                }
                for item in seen.claims.values()
                if item.standing in {"denied", "rejected", "withdrawn"}
            ],
            "failures": [
                {"suggestor": item.suggestor, "code": item.code, "detail": item.detail}
                for item in seen.failures.values()
            ],
        }

    def _result(self, criterion: str) -> dict[str, Any]:
        result = self._seen.criteria.get(criterion)
        if result is None:
            return {
                "id": criterion,
                "result": "indeterminate",
                "reason": "the run has not judged it yet",
                "evidence": [],
            }
        return {"reason": "", "evidence": [], "cause": None, **msgspec.to_builtins(result)}


def _selectors(given: Iterable[Given], then: Iterable[Then]) -> list[Selector]:
    return list(dict.fromkeys(looked_at(tuple(given), tuple(then))))


def _selects(which: Selector, claim: Claim) -> bool:
    return which.key == claim.key and which.matches(claim.id.partition("@")[0])


def _clause(clause: Clause) -> dict[str, Any]:
    return {"clause": clause.clause, "id": clause.id, "text": clause.text, "check": clause.check}
