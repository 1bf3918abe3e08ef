"""Records the golden runs of this version; done once for each release: `python tests/golden/history/record.py`.

Each released version keeps its file for ever, and every later version must replay it. An existing file is replaced
only with --again, before its version has been released.
"""

import asyncio
import gzip
import json
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from converge_cli import ContextView, Effect, Suggestor, __version__
from converge_cli._internal.canonical_json import encode
from converge_cli.app.decide_approval import decide_approval
from converge_cli.app.experience.export import export_runs
from converge_cli.app.resume_run import ResumeRun
from converge_cli.app.run_job import RunJob, RunRequest
from converge_cli.app.services import Services
from converge_cli.bootstrap import make_services
from converge_cli.core.budget import BudgetChange
from converge_cli.core.port import RunRow
from converge_cli.engine.decision import Statement
from converge_cli.settings import Settings
from converge_cli.testing import ManualClock, SequenceIds

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
VENDORS = "vendor-selection"


class LateVendor(Suggestor):
    """Hands in a bid once a recommendation stands."""

    name = "late-vendor"
    reads = ("Strategies:recommendation:*",)
    writes = ("Seeds:vendor:*",)

    def execute(self, view: ContextView) -> Effect:
        """Propose the bid, once."""
        if view.get("Seeds", "vendor:dune") is not None:
            return Effect()
        bid = {"id": "dune", "name": "Dune Ltd", "price": "9500.00", "compliant": True}
        bid |= {"years_in_business": "12", "delivery_weeks": "3"}
        return Effect([view.propose("Seeds", "vendor:dune", bid)])


def run(services: Services, truth: str = VENDORS, **options: object) -> str:
    """A run to its first stop; its id."""
    return asyncio.run(RunJob(services, RunRequest(truth, **options)).run()).result.run_id  # type: ignore[arg-type]


def decide(services: Services, run_id: str, decision: str) -> None:
    """Mona decides, and the run goes on."""
    said = Statement(decision, "three bids compared", "interactive")  # type: ignore[arg-type]
    decide_approval(services, run_id, "vendor_commitment", "mona", said)
    asyncio.run(ResumeRun(services, run_id).run())


def record(services: Services) -> None:
    """One run of every way in which runs go."""
    run(services, "hello-convergence")
    run(services)  # still waits
    decide(services, run(services), "approved")
    decide(services, run(services), "rejected")
    paused = run(services, budget={"cycles": 2})
    asyncio.run(ResumeRun(services, paused, added=BudgetChange(cycles=20)).run())
    run(services, scripted=(LateVendor(),))
    run(services, principal="frank")  # policy denies it


def lines(services: Services) -> Iterable[bytes]:
    """The export, without the place that the truths had on this machine."""
    rows: list[RunRow] = sorted(services.experience.rows(limit=100), key=lambda row: row.run)
    for line in export_runs(services, rows):
        said = json.loads(line)
        if isinstance(said.get("run"), dict):
            said["run"]["location"] = ""
            line = encode(said) + b"\n"  # noqa: PLW2901
        yield line


def main() -> None:
    """Write the file of this version."""
    target = HERE / __version__ / "runs.jsonl.gz"
    if target.exists() and "--again" not in sys.argv:
        raise SystemExit(f"{target} is there; a released version's runs never change (--again before its release)")
    with tempfile.TemporaryDirectory() as folder:
        made = make_services(ROOT, settings=Settings("sqlite", Path(folder), None))
        services = replace(made, clock=ManualClock(), ids=SequenceIds())
        record(services)
        data = b"".join(lines(services))
        services.experience.close()
    target.parent.mkdir(exist_ok=True)
    target.write_bytes(gzip.compress(data, mtime=0))
    sys.stdout.write(f"{target.relative_to(ROOT)}: {len(data)} bytes, {target.stat().st_size} compressed\n")


if __name__ == "__main__":
    main()
