"""Whoever reads a refusal learns who or what refused, and why."""

import asyncio

import pytest
from greenhouse_project import ROOT

from converge_cli.app.decide_approval import GivenApproval, UnknownRequestError
from converge_cli.app.run_job import RunAnswer, RunJob, RunRequest
from converge_cli.bootstrap import make_services
from converge_cli.settings import Settings


def run(request: RunRequest) -> RunAnswer:
    """vendor-selection, recorded in memory."""
    services = make_services(ROOT, settings=Settings("memory", ROOT / "store", None))
    return asyncio.run(RunJob(services, request).run())


def committed(answer: RunAnswer) -> tuple[str, str | None, str]:
    """What the criterion `committed` came to."""
    return next((item.result, item.cause, item.reason) for item in answer.result.criteria if item.id == "committed")


def test_a_denial_says_what_policy_found() -> None:
    """Frank is of another department: the sentence of policy stands in the criterion."""
    result, cause, reason = committed(run(RunRequest("vendor-selection", principal="frank")))

    assert ("unmet", "denied") == (result, cause)
    assert "no rule of pack procurement permits commit of spend acme by frank" in reason


def test_a_rejection_says_who_and_why() -> None:
    """The person and the reason stand in the criterion."""
    given = GivenApproval("vendor_commitment", None, "mona", "too dear", decision="rejected")
    result, cause, reason = committed(run(RunRequest("vendor-selection", approvals=(given,))))

    assert ("unmet", "rejected") == (result, cause)
    assert 'commitment:acme was rejected by vendor_commitment: mona (procurement_manager): "too dear"' == reason


def test_an_approval_for_a_point_that_is_not_declared_is_refused_before_anything_runs() -> None:
    """With a guess at what was meant."""
    given = GivenApproval("vendor_comitment", None, "mona", "fine")
    with pytest.raises(UnknownRequestError) as caught:
        run(RunRequest("vendor-selection", approvals=(given,)))
    assert "did you mean vendor_commitment?" == caught.value.hint
