"""Which checks an example speaks of, as far as its words show: nothing runs.

`all invariants hold` speaks of every invariant, a run that ends CriteriaMet of every required criterion, a proposal
that is rejected of the checks on proposals that would select it.
"""

from collections.abc import Iterator

from converge_cli.core import example as e
from converge_cli.core.invariant import Validation
from converge_cli.core.job import Job
from converge_cli.core.selector import selector
from converge_cli.core.stop_reason import StopReason


def named_checks(example: e.Example, job: Job) -> frozenset[str]:
    """Ids of the invariants, validations, criteria and approval points that an example names."""
    return frozenset(_in_givens(example)) | frozenset(_in_thens(example, job))


def _in_givens(example: e.Example) -> Iterator[str]:
    for given in example.given:
        if isinstance(given, e.PointDecided):
            yield given.point


def _in_thens(example: e.Example, job: Job) -> Iterator[str]:
    for then in example.then:
        expected = then.expected
        if isinstance(expected, e.InvariantIs | e.CriterionIs):
            yield expected.id
        elif isinstance(expected, e.AllInvariantsHold | e.NoneUnexercised):
            yield from (item.id for item in job.invariants)
        elif isinstance(expected, e.StopIs) and expected.reason == StopReason.CRITERIA_MET.value:
            yield from (item.id for item in job.criteria if item.required)
        elif isinstance(expected, e.ProposalIsRejected):
            yield from (item.id for item in job.validations if _rejects(item, expected))


def _rejects(check: Validation, expected: e.ProposalIsRejected) -> bool:
    chosen = [given.selection for given in check.given if given.selection is not None]
    return check.code == expected.code and any(selector(item.selector).matches(expected.id) for item in chosen)
