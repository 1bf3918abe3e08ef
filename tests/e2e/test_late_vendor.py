"""A vendor who arrives when people have been asked already: no step can say `later`, but a suggestor can."""

import asyncio
from pathlib import Path

import pytest

from converge_cli import ContextView, Effect, Suggestor
from converge_cli.app.record.recorded_run import events_of
from converge_cli.app.run_job import RunJob, RunRequest
from converge_cli.app.services import Services
from converge_cli.bootstrap import make_services
from converge_cli.core.event import ApprovalRequested, ProposalWithdrawn
from converge_cli.settings import Settings

ROOT = Path(__file__).resolve().parents[2]


class LateVendor(Suggestor):
    """Hands in a bid once a recommendation stands: in the cycle in which the spend is being put to people."""

    name = "late-vendor"
    reads = ("Strategies:recommendation:*",)
    writes = ("Seeds:vendor:*",)

    def __init__(self, price: str) -> None:
        self._price = price

    def execute(self, view: ContextView) -> Effect:
        """Propose the bid, once."""
        if view.get("Seeds", "vendor:dune") is not None:
            return Effect()
        bid = {
            "id": "dune",
            "name": "Dune Ltd",
            "price": self._price,
            "compliant": True,
            "years_in_business": "12",
            "delivery_weeks": "3",
        }
        return Effect([view.propose("Seeds", "vendor:dune", bid)])


@pytest.fixture
def services() -> Services:
    """The shipped truths, recorded in memory."""
    return make_services(ROOT, settings=Settings("memory", ROOT / ".converge", None))


@pytest.mark.parametrize(("price", "first"), [("9500.00", "dune"), ("60000.00", "acme")])
def test_a_late_vendor_revises_the_ranking_and_closes_the_old_request(
    services: Services, price: str, first: str
) -> None:
    """Whether the bid wins or not: one commitment is pending, on the ranking that stands."""
    request = RunRequest("vendor-selection", scripted=(LateVendor(price),))
    result = asyncio.run(RunJob(services, request).run()).result
    events = list(events_of(services, result.run_id))
    asked = [item.request for item in events if isinstance(item, ApprovalRequested)]
    withdrawn = [item for item in events if isinstance(item, ProposalWithdrawn)]
    ranking = result.fact("Evaluations", "ranking:vendors")

    assert ranking is not None
    assert ("HumanInterventionRequired", "ranking:vendors@2", first) == (
        result.reason,
        ranking.id,
        ranking.payload.first,
    )
    assert ["commitment:acme", f"commitment:{first}"] == [item.fact for item in asked]
    assert [("commitment:acme", (asked[0].id,))] == [(item.id, item.requests) for item in withdrawn]
    assert [asked[1].id] == [item.id for item in result.pending]
    assert "ranking:vendors@2" in result.pending[0].evidence
    assert () == result.rejections
