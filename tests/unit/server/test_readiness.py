"""Whether a server can do its work: what is looked at, and how long an answer is given again."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from converge_cli.app.jobs.worker_pool import WorkerPool
from converge_cli.app.jobs.workers import Ears
from converge_cli.bootstrap import make_service
from converge_cli.server.readiness import Readiness
from converge_cli.settings import Settings
from converge_cli.store.unavailable import StoreUnavailableError
from converge_cli.testing.manual_clock import ManualClock

CONTENT = Path(__file__).parents[3]


class Looked:
    """Readiness over a store and a policy engine that work or fail as they are told, with a clock that stands still."""

    def __init__(self, folder: Path) -> None:
        self.clock = ManualClock()
        self.folder = folder
        self.works = True
        self.probes = self.tests = 0
        setting = make_service(CONTENT, settings=Settings("memory", folder, None))
        services = replace(setting.services, clock=self.clock)
        setting = replace(setting, services=services, probe=self._probe)
        nothing: Any = lambda *_: None  # noqa: E731
        pool = WorkerPool(setting, "here", Ears(nothing, nothing), workers=1)
        self._readiness = Readiness(setting, pool, self._test)

    def well(self, *names: str) -> list[bool]:
        """Which of some checks are well."""
        found = {check.name: check.ok for check in self._readiness.checks()}
        return [found[name] for name in names]

    def _probe(self) -> None:
        self.probes += 1
        if not self.works:
            raise StoreUnavailableError(self.folder, "the disk is full", "free some space")

    def _test(self) -> list[str]:
        self.tests += 1
        return [] if self.works else ["a forbid is skipped"]


@pytest.mark.parametrize("works", [True, False])
def test_who_asks_often_has_the_store_probed_once_a_second(tmp_path: Path, works: bool) -> None:
    """A probe costs a write and anybody may ask: of a store that fails, too."""
    looked = Looked(tmp_path)
    looked.works = works
    for _ in range(100):
        assert [works, works] == looked.well("store", "policy")
        looked.clock.advance(0.009)
    assert (1, 1) == (looked.probes, looked.tests)
    looked.clock.advance(1.0)
    assert [works] == looked.well("store")
    assert 2 == looked.probes


def test_what_works_again_is_told_within_a_second(tmp_path: Path) -> None:
    """The store and also what is loaded from files, of which a good answer holds for longer."""
    looked = Looked(tmp_path)
    looked.works = False
    assert [False, False] == looked.well("store", "policy")
    looked.works = True
    looked.clock.advance(0.9)
    assert [False, False] == looked.well("store", "policy")
    looked.clock.advance(0.2)
    assert [True, True] == looked.well("store", "policy")
    looked.clock.advance(10)
    looked.works = False
    assert [False, True] == looked.well("store", "policy")
