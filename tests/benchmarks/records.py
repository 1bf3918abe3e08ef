"""The bars of durable runs and of their records, measured with real files and every check on.

    python tests/benchmarks/records.py [--json] [--rounds N]

Times are the best of N rounds; sizes are of one run. The figures of durable runs and of the ledger are their own
benchmarks', taken from there. Nothing is asserted here.
"""

import asyncio
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import ledger
from engine import JOB, Fanout, Link, Number, best, durable_cycles
from figures import tell_rounds

from converge_cli import Budget, Engine, Job, converge_verify
from converge_cli.app.identity import new_identity
from converge_cli.app.inbox import inbox
from converge_cli.app.load_truth import load_truth
from converge_cli.app.record.verify_receipt import verify_receipt
from converge_cli.app.record.write_receipt import Receipt, sign_receipt, tell
from converge_cli.app.run_job import RunJob, RunRequest
from converge_cli.app.services import Services
from converge_cli.bootstrap import make_services
from converge_cli.core.budget import BudgetChange
from converge_cli.engine.replay import replay
from converge_cli.engine.result import RunResult
from converge_cli.settings import load_settings
from converge_cli.store.sqlite import SqliteExperience

CYCLES = 1000
WAITING = 200
SIZES = (200, 400, 800)
PAUSING = Job(truth=JOB.truth, title=JOB.title, budget=Budget(cycles=CYCLES))


def best_ms(rounds: int, work: Callable[[], object]) -> float:
    """Milliseconds of the fastest round."""
    taken = []
    for _ in range(rounds):
        begun = time.perf_counter()
        work()
        taken.append((time.perf_counter() - begun) * 1e3)
    return min(taken)


def engine_of(store: SqliteExperience) -> Engine:
    """A chain that is one link longer than its budget has cycles."""
    links = [Link(number) for number in range(CYCLES + 1)]
    return Engine(links, kinds={"number": Number}, job=PAUSING, experience=store)


def paused_run(folder: Path) -> RunResult:
    """A run of a thousand cycles that waits for more budget."""
    store = SqliteExperience(folder)
    result = asyncio.run(engine_of(store).run())
    store.close()
    assert (result.reason, len(result.facts)) == ("CycleBudgetExhausted", CYCLES), result
    return result


def resume(folder: Path, run: str) -> None:
    """Go on in a store that was just opened, to the last fact and the end."""
    store = SqliteExperience(folder)
    result = asyncio.run(engine_of(store).resume(run, added=BudgetChange(cycles=2)))
    store.close()
    assert (result.reason, len(result.facts)) == ("Converged", CYCLES + 1), result


def resume_ms(rounds: int, folder: Path, run: str) -> float:
    """Each round with a copy of the store, because a run can go on to its end but once."""
    copies = [folder.with_name(f"copy-{number}") for number in range(rounds)]
    for copy in copies:
        shutil.copytree(folder, copy)
    left = iter(copies)
    return best_ms(rounds, lambda: resume(next(left), run))


def replay_run(store: SqliteExperience, services: Services, result: RunResult) -> None:
    """Compute the run anew and reach its head."""
    replayed = replay(result.run_id, tuple(store.read(result.run_id)), store.get_blob, services.gate)
    assert replayed.divergence is None, replayed
    assert replayed.head == store.row(result.run_id).head, replayed


def receipt_figures(rounds: int, folder: Path, store: SqliteExperience, run: str) -> dict[str, float]:
    """Of a signed receipt, and of both verifiers; the script is a process of its own."""
    signer = new_identity(folder / "identities", "benchmark")
    file = folder / "receipt.json"

    def write() -> Receipt:
        receipt = sign_receipt(tell(run, tuple(store.read(run)), store.get_blob), signer)
        file.write_bytes(receipt.data)
        return receipt

    script = [sys.executable, "-I", converge_verify.__file__, str(file), "--key", signer.public_key]
    return {
        "receipt_1000_cycles_write_ms": best_ms(rounds, write),
        "receipt_1000_cycles_verify_ms": best_ms(
            rounds, lambda: verify_receipt(file.name, file.read_bytes(), key=signer.public_key)
        ),
        "receipt_1000_cycles_script_ms": best_ms(
            rounds, lambda: subprocess.run(script, stdout=subprocess.DEVNULL, check=True)
        ),
        "receipt_1000_cycles_bytes": file.stat().st_size,
    }


def inbox_ms(rounds: int, folder: Path) -> float:
    """Two hundred runs of vendor-selection, each waiting for an approval of its commitment."""
    settings = replace(load_settings(folder, {}), storage_path=folder / "waiting")
    services = make_services(folder, settings=settings)
    truth = load_truth(services, "vendor-selection")
    for _ in range(WAITING):
        asyncio.run(RunJob(services, RunRequest("vendor-selection"), truth=truth).run())
    assert len(inbox(services).waiting) == WAITING
    return best_ms(rounds, lambda: inbox(services))


def run_figures(rounds: int) -> dict[str, float]:
    """Of durable runs while they run."""
    seconds = best(rounds, lambda: [Fanout(30_000)], 30_000, durable=True)
    figures = {"fanout_30000_durable_us_per_fact": seconds / 30_000 * 1e6}
    for cycles in SIZES:
        cycle_ms, size = durable_cycles(cycles)
        figures |= {f"run_{cycles}_cycles_ms_p50": cycle_ms, f"run_{cycles}_cycles_bytes": size}
    return figures


def record_figures(rounds: int, folder: Path) -> dict[str, float]:
    """Of the record of a run of a thousand cycles, and of many runs that wait."""
    kept, services = folder / "kept", make_services(folder, settings=load_settings(folder, {}))
    result = paused_run(kept)
    store = SqliteExperience(kept)
    figures = {
        "replay_1000_cycles_ms": best_ms(rounds, partial(replay_run, store, services, result)),
        "resume_1000_cycles_ms": resume_ms(rounds, kept, result.run_id),
        **receipt_figures(rounds, folder, store, result.run_id),
        f"inbox_{WAITING}_waiting_ms": inbox_ms(rounds, folder),
    }
    store.close()
    return figures


def measure(rounds: int) -> dict[str, float | dict[str, float]]:
    """Every figure, by name."""
    with tempfile.TemporaryDirectory() as folder:
        figures = {**run_figures(rounds), **record_figures(rounds, Path(folder))}
    rounded = {name: round(value, 2) for name, value in figures.items()}
    return {**rounded, **{f"ledger_{name}": value for name, value in ledger.measure(rounds).items()}}


if __name__ == "__main__":
    tell_rounds(__doc__, measure, rounds=3)
