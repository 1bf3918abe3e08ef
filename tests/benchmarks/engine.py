"""The engine's bars, measured through the public engine with every check on.

    python tests/benchmarks/engine.py [--json] [--rounds N]

Times are the best of at least N rounds and a second, so that a busy machine tells less of itself, and a small run is
measured as one in a process that has run before: the first round of a size takes up to twice as long, while Python
adapts its code and gets memory. What is counted is a whole run, the event loop's start and end included. Nothing is
asserted here.
"""

import asyncio
import itertools
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from figures import tell_rounds

from converge_cli import Budget, Effect, Engine, FactModel, Job, Suggestor
from converge_cli.core.port import Experience
from converge_cli.store.sqlite import SqliteExperience

SECONDS = 1.0
"""How long a figure is measured at least."""

JOB = Job(truth="benchmark", title="Benchmark", budget=Budget(cycles=10**6, facts=10**7))


class Number(FactModel, frozen=True):
    """The smallest useful payload."""

    value: int


class Fanout(Suggestor):
    """Proposes many facts at once."""

    name = "fanout"
    writes = ("Signals:number:*",)

    def __init__(self, count: int) -> None:
        self._count = count

    def execute(self, view):
        return Effect(
            view.propose("Signals", f"number:{number}", Number(value=number)) for number in range(self._count)
        )


class Single(Suggestor):
    """Proposes one fact, in the first cycle."""

    def __init__(self, number: int) -> None:
        self.name = f"single-{number}"
        self.writes = (f"Signals:number:{number}",)
        self._number = number

    def execute(self, view):
        return Effect([view.propose("Signals", f"number:{self._number}", Number(value=self._number))])


class Link(Single):
    """Waits for the fact before its own: a chain adds one fact a cycle."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.name = f"link-{number}"
        self.reads = (f"Signals:number:{number - 1}",) if number else ()


class Waiting(Single):
    """Waits for the outside world before it proposes."""

    async def execute(self, view):
        await asyncio.sleep(0.02)
        return super().execute(view)


def run(make: Callable[[], Sequence[Suggestor]], facts: int, experience: Experience | None = None) -> float:
    """Seconds of one run; it must have added the facts."""
    engine = Engine(make(), kinds={"number": Number}, job=JOB, experience=experience)
    start = time.perf_counter()
    result = asyncio.run(engine.run())
    seconds = time.perf_counter() - start
    assert len(result.facts) == facts, result
    return seconds


def best(rounds: int, make: Callable[[], Sequence[Suggestor]], facts: int, *, durable: bool = False) -> float:
    """The best of several rounds, each with a fresh store; short ones are repeated for a second."""
    found: list[float] = []
    while len(found) < rounds or sum(found) < SECONDS:
        if not durable:
            found.append(run(make, facts))
            continue
        with tempfile.TemporaryDirectory() as folder:
            store = SqliteExperience(Path(folder))
            found.append(run(make, facts, store))
            store.close()
    return min(found)


def durable_cycles(cycles: int) -> tuple[float, int]:
    """Median milliseconds of a durable cycle (one transaction, synced), and the bytes that a run leaves behind."""
    with tempfile.TemporaryDirectory() as folder:
        store = SqliteExperience(Path(folder))
        times: list[float] = []
        append = store.append

        def timed(commit):
            append(commit)
            times.append(time.perf_counter())

        store.append = timed
        run(lambda: [Link(number) for number in range(cycles)], cycles, store)
        store.close()
        size = sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file())
    gaps = [(after - before) * 1e3 for before, after in itertools.pairwise(times)]
    return statistics.median(gaps), size


def measure(rounds: int) -> dict[str, float]:
    """Every figure, by name."""
    figures: dict[str, float] = {}
    for count in (1_000, 10_000, 30_000):
        seconds = best(rounds, lambda count=count: [Fanout(count)], count)
        figures[f"fanout_{count}_us_per_fact"] = seconds / count * 1e6
    seconds = best(rounds, lambda: [Fanout(30_000)], 30_000, durable=True)
    figures["fanout_30000_durable_us_per_fact"] = seconds / 30_000 * 1e6
    for count in (1_000, 5_000):
        seconds = best(rounds, lambda count=count: [Single(number) for number in range(count)], count)
        figures[f"wide_{count}_us_per_suggestor"] = seconds / count * 1e6
    for count in (100, 1_000):
        seconds = best(rounds, lambda count=count: [Link(number) for number in range(count)], count)
        figures[f"chain_{count}_us_per_cycle"] = seconds / count * 1e6
    figures["waiting_50x20ms_ms"] = best(rounds, lambda: [Waiting(number) for number in range(50)], 50) * 1e3
    figures["durable_cycle_ms_p50"], figures["run_400_cycles_bytes"] = min(durable_cycles(400) for _ in range(rounds))
    return {name: round(value, 2) for name, value in figures.items()}


if __name__ == "__main__":
    tell_rounds(__doc__, measure, rounds=5)
