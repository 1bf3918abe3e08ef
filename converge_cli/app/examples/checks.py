"""Judges the Thens of an example on what its run came to. Pure: each check answers yes or no, and says why not."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from converge_cli.core import example as e
from converge_cli.core.fact import Fact
from converge_cli.core.ids import subject_of
from converge_cli.core.invariant import InvariantVerdict
from converge_cli.core.job import Job
from converge_cli.core.predicate import FieldTest
from converge_cli.engine.fields import ABSENT, lookup, test_field
from converge_cli.engine.result import RunResult

_TOLD = 8


class ExampleCheck(NamedTuple):
    """One Then: whether it holds, and what is so instead when it does not."""

    expected: e.ExpectedOutcome
    ok: bool
    detail: str = ""


def check_example(example: e.Example, job: Job, result: RunResult) -> tuple[ExampleCheck, ...]:
    """Every Then of an example, in order; none hides another."""
    return tuple(_check(then, job, result) for then in example.then)


def verdict_of(result: RunResult, invariant: str) -> InvariantVerdict:
    """What an invariant came to; one that was never due was not exercised."""
    return next((item.verdict for item in result.invariants if item.id == invariant), "not exercised")


def _check(then: e.ExpectedOutcome, job: Job, result: RunResult) -> ExampleCheck:
    problem = _CHECKS[type(then.expected)](then.expected, job, result)
    return ExampleCheck(then, problem is None, problem or "")


def _stop(wanted: e.StopIs, _job: Job, result: RunResult) -> str | None:
    if result.reason == wanted.reason:
        return None
    stop = result.stop
    about = f" ({', '.join(stop.names)})" if stop.names else ""
    return f"the stop reason is {result.reason}{about}" + (f": {stop.detail}" if stop.detail else "")


def _criterion(wanted: e.CriterionIs, _job: Job, result: RunResult) -> str | None:
    for item in result.criteria:
        if item.id == wanted.id:
            reason = f": {item.reason}" if item.reason else ""
            return None if item.result == wanted.result else f"criterion {item.id} is {item.result}{reason}"
    return f"criterion {wanted.id} was not judged; the run ended {result.reason}"


def _invariant(wanted: e.InvariantIs, _job: Job, result: RunResult) -> str | None:
    verdict = verdict_of(result, wanted.id)
    return None if verdict == wanted.verdict else f"invariant {wanted.id}: {verdict}{_violations(result, wanted.id)}"


def _violations(result: RunResult, invariant: str) -> str:
    found = [violation for item in result.invariants if item.id == invariant for violation in item.violations]
    return "".join(f"; {violation.detail} ({_list(violation.facts)})" for violation in found)


def _gate(wanted: e.GateAnswers, _job: Job, result: RunResult) -> str | None:
    answers = [
        item
        for item in result.gate_answers
        if wanted.action in {item.action, item.gate}
        and wanted.fact in {item.fact, subject_of(item.fact), item.resource}
    ]
    if any(item.decision.outcome == wanted.outcome for item in answers):
        return None
    if answers:
        told = _list([f"{item.decision.outcome} ({', '.join(item.decision.rules)})" for item in answers])
        return f"gate {wanted.action} answered {told} for {wanted.fact}"
    others = _list([f"{item.action} for {item.fact}" for item in result.gate_answers])
    return f"gate {wanted.action} was not asked about {wanted.fact}; it was asked: {others}"


def _rejected(wanted: e.ProposalIsRejected, _job: Job, result: RunResult) -> str | None:
    if any(item.code == wanted.code and wanted.id in {item.id, subject_of(item.id)} for item in result.rejections):
        return None
    told = _list([f"{item.id} with {item.code} ({item.reason})" for item in result.rejections])
    promoted = ", and it is a fact" if _facts(wanted.id, None, result) else ""
    return f"proposal {wanted.id} was not rejected with {wanted.code}{promoted}; rejected: {told}"


def _field(wanted: e.FactHasField, _job: Job, result: RunResult) -> str | None:
    facts = _facts(wanted.id, wanted.key, result)
    if not facts:
        known = _list([fact.id for fact in result.current if fact.key == wanted.key])
        return f"there is no fact {wanted.id} under {wanted.key}; there: {known}"
    fact = facts[-1]
    if test_field(fact.payload, FieldTest(wanted.field, "is", (wanted.value,))):
        return None
    value: Any = lookup(fact.payload, wanted.field)
    if value is ABSENT:
        return f"fact {fact.id} has no field {wanted.field}; it has {_list(fact.payload.__struct_fields__)}"
    shown = repr(value) if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else value
    return f"field {wanted.field} of {fact.id} is {shown}"


def _facts(fact_id: str, key: str | None, result: RunResult) -> list[Fact]:
    """The fact that stands for a subject; with a version, exactly that one."""
    if "@" in fact_id:
        return [fact for fact in result.facts if fact.id == fact_id and key in {None, fact.key}]
    return [fact for fact in result.current if fact.subject == fact_id and key in {None, fact.key}]


def _all_hold(_wanted: e.AllInvariantsHold, _job: Job, result: RunResult) -> str | None:
    broken = [item.id for item in result.invariants if item.verdict == "violated"]
    return f"violated: {'; '.join(name + _violations(result, name) for name in broken)}" if broken else None


def _all_exercised(_wanted: e.NoneUnexercised, job: Job, result: RunResult) -> str | None:
    unexercised = [item.id for item in job.invariants if verdict_of(result, item.id) == "not exercised"]
    return f"not exercised: {', '.join(unexercised)}" if unexercised else None


def _list(items: Sequence[str]) -> str:
    more = len(items) - _TOLD
    return (", ".join(items[:_TOLD]) + (f" and {more} more" if more > 0 else "")) or "nothing"


_CHECKS: dict[type, Callable[[Any, Job, RunResult], str | None]] = {
    e.StopIs: _stop,
    e.CriterionIs: _criterion,
    e.InvariantIs: _invariant,
    e.GateAnswers: _gate,
    e.ProposalIsRejected: _rejected,
    e.FactHasField: _field,
    e.AllInvariantsHold: _all_hold,
    e.NoneUnexercised: _all_exercised,
}
