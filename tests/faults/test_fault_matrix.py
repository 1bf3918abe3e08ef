"""The fault matrix of docs/faults.md: whatever goes wrong, a run comes to what it would have come to undisturbed.

CONVERGE_FAULTS=all takes every write point for every kind of fault and at least 1,000 random kills; without it, what
fits into a minute.
"""

import json
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import chain, count, islice, pairwise
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest
from page_server import PageServer

from converge_cli.testing.fault_disk import KINDS
from converge_cli.testing.faulty_experience import PORT_KINDS

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PROJECTS = {"hello-convergence": ROOT, "vendor-selection": ROOT, "fifty": HERE / "fifty"}
SUBJECTS = tuple(PROJECTS)
THOROUGH = os.environ.get("CONVERGE_FAULTS") == "all"
STEP = {"hello-convergence": 1, "vendor-selection": 1, "fifty": 1 if THOROUGH else 9}
"""Of how many write points one is taken. Fifty pages have seven in each of their hundred transactions."""

KILLS = dict.fromkeys(SUBJECTS, 400) if THOROUGH else {"hello-convergence": 80, "vendor-selection": 60, "fifty": 60}
DRIVERS = 2
DAY = 86_400
_LAST = 5
"""The last points are those of closing the store: how many there are depends on when the log was last folded in."""

pytestmark = pytest.mark.timeout(3600 if THOROUGH else 240)


class Driver:
    """One process that puts cases of a subject through their faults; it has imported everything once."""

    def __init__(self, subject: str, folder: Path, server: PageServer) -> None:
        command = [sys.executable, HERE / "fault_driver.py", PROJECTS[subject], subject, folder, str(server.port)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def put(self, case: dict[str, Any]) -> dict[str, Any]:
        """The case, with the verdict on it."""
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(json.dumps(case) + "\n")
        stdin.flush()
        return {**case, **json.loads(stdout.readline())}

    def close(self) -> None:
        """Nothing more will come."""
        self._process.communicate()


class Bench:
    """Puts subjects through faults, in a few processes at a time."""

    def __init__(self, folder: Path, server: PageServer) -> None:
        self._folder = folder
        self._server = server
        self._numbers = count()
        self._drivers: dict[str, list[Driver]] = {}
        self.undisturbed = cache(self._undisturbed)

    def put(self, subject: str, cases: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """The verdict on each case, in order."""
        if subject not in self._drivers:
            self._drivers[subject] = [Driver(subject, self._folder, self._server) for _ in range(DRIVERS)]
        free: SimpleQueue[Driver] = SimpleQueue()
        for driver in self._drivers[subject]:
            free.put(driver)

        def judged(case: dict[str, Any]) -> dict[str, Any]:
            driver = free.get()
            try:
                return driver.put({"case": f"c{next(self._numbers)}", **case})
            finally:
                free.put(driver)

        with ThreadPoolExecutor(DRIVERS) as pool:
            return list(pool.map(judged, cases))

    def close(self) -> None:
        """Let the drivers go."""
        for driver in chain.from_iterable(self._drivers.values()):
            driver.close()

    def _undisturbed(self, subject: str, decision: str | None = None) -> dict[str, Any]:
        [verdict] = self.put(subject, [{"faults": [], "decision": decision}])
        assert [] == verdict.get("problems"), verdict
        return verdict

    def broken(self, subject: str, verdicts: Sequence[dict[str, Any]]) -> list[Any]:
        """Every case in which a promise was not kept, with what was wrong."""
        wrong = (self._wrong(verdict, self.undisturbed(subject, verdict.get("decision"))) for verdict in verdicts)
        return [found for found in wrong if found]

    def _wrong(self, verdict: dict[str, Any], expected: dict[str, Any]) -> Any:
        if "error" in verdict:
            return verdict
        paid = self._server.paid_for(verdict["case"])
        kept = [*({json.loads(call)["page"] for call in calls} for calls in verdict["calls"]), set(paid)]
        # A process pays for what it keeps; if it dies between an answer and its keeping, for the next page as well.
        most = Counter(page for before, after in pairwise(kept) for page in (after - before) | {len(after)})
        twice = [page for page, times in paid.items() if times > most[page]]
        keys = [place for place, keys in self._server.keys.items() if place[0] == verdict["case"] and len(keys) > 1]
        other = [f"another {what}" for what in ("outcome", "executed") if verdict[what] != expected[what]]
        problems = [*verdict["problems"], *other, *(f"page {page} paid for again" for page in twice), *keys]
        return (verdict["faults"], verdict["ended"], problems) if problems else None

    def points(self, subject: str) -> range:
        """The write points that are taken."""
        return range(1, self.undisturbed(subject)["points"] - _LAST, STEP[subject])


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with PageServer() as server:
        made = Bench(tmp_path_factory.mktemp("faults"), server)
        yield made
        made.close()


@pytest.mark.parametrize("subject", SUBJECTS)
def test_kill_9_at_every_write_point(bench: Bench, subject: str) -> None:
    """Before each write, sync and cut of a file that run, decision or resume makes."""
    points = bench.points(subject)[:: 1 if THOROUGH or subject != "fifty" else 3]  # see the next test
    verdicts = bench.put(subject, [{"faults": [[point, "kill"]]} for point in points])
    assert [] == bench.broken(subject, verdicts)
    assert {"SIGKILL"} == {verdict["ended"][0] for verdict in verdicts}


def test_kill_9_at_every_write_of_every_cycle(bench: Bench) -> None:
    """For each n a run of fifty pages that dies at the n-th write of every cycle, each time in another process.

    Until there is no n-th write any more: so all write points of its hundred transactions are taken, in as many
    processes, at the price of a few runs. How many points a transaction has is another matter in every process, since
    they fold the log into the database at other times; but each is begun under every n, and who escapes had fewer.
    """
    spans = bench.undisturbed("fifty")["spans"]
    verdicts = bench.put("fifty", [{"faults": [{"each": number}]} for number in range(1, max(spans) + 1)])
    while "SIGKILL" in verdicts[-1]["ended"]:
        verdicts += bench.put("fifty", [{"faults": [{"each": len(verdicts) + 1}]}])
    deaths = [verdict["ended"].count("SIGKILL") for verdict in verdicts]
    assert [] == bench.broken("fifty", verdicts)
    assert {"none"} == {verdict["ended"][-1] for verdict in verdicts}
    # Each commit of the run, and how it is left, is waited for once.
    assert {len(spans) + 1} == {died + len(verdict["escaped"]) for died, verdict in zip(deaths, verdicts, strict=True)}
    assert [] == [number for number, verdict in enumerate(verdicts, 1) if max(verdict["escaped"], default=0) >= number]
    assert len(spans) < deaths[0]


def test_kill_9_at_every_write_point_of_a_rejection(bench: Bench) -> None:
    """Of the decision, and of the resume that comes to another end for it."""
    subject, no = "vendor-selection", "rejected"
    undisturbed = bench.undisturbed(subject, no)
    points = range(undisturbed["decided"][0] + 1, undisturbed["points"] - _LAST)
    verdicts = bench.put(subject, [{"faults": [[point, "kill"]], "decision": no} for point in points])
    assert undisturbed["outcome"] != bench.undisturbed(subject)["outcome"]
    assert [] == bench.broken(subject, verdicts)
    assert {"SIGKILL"} == {verdict["ended"][0] for verdict in verdicts}
    assert 15 < len(verdicts)


@pytest.mark.parametrize("subject", SUBJECTS)
def test_kill_9_at_random_again_and_again(bench: Bench, subject: str) -> None:
    """From outside, at any moment of a run or of the resume after the kill before: at least 200 in all."""
    longest = bench.undisturbed(subject)["seconds"] * 1000
    golden = (5**0.5 - 1) / 2  # multiples of it, without their whole part, are spread evenly and never repeat
    moments = (round((number * golden % 1) * longest, 1) for number in count())
    pairs = zip(moments, moments, strict=True)
    verdicts: list[Any] = []
    # A process that has ended before its moment is not killed: the quicker the machine is by now, the more are tried.
    while (missing := KILLS[subject] - kills_in(verdicts)) > 0 and len(verdicts) < 3 * KILLS[subject]:
        verdicts += bench.put(subject, [{"faults": list(pair)} for pair in islice(pairs, missing)])
    assert [] == bench.broken(subject, verdicts)
    assert KILLS[subject] <= kills_in(verdicts)


def kills_in(verdicts: list[Any]) -> int:
    """How many processes were killed."""
    return sum(ended == "SIGKILL" for verdict in verdicts for ended in verdict["ended"])


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "kill"])
@pytest.mark.parametrize("subject", SUBJECTS)
def test_a_disk_that_fails(bench: Bench, subject: str, kind: str) -> None:
    """A torn write, a power cut with all or some of what was not synced lost, a full disk, a failed write or sync.

    Each kind begins at another point, so that together they take all that are taken.
    """
    others = [name for name in KINDS if name != "kill"]
    points = bench.points(subject)
    taken = points if THOROUGH else points[others.index(kind) :: len(others)]
    verdicts = bench.put(subject, [{"faults": [[point, kind]]} for point in taken])
    told = {"STORE_UNAVAILABLE", "none"} if kind in {"full", "error"} else {"SIGKILL"}
    ended = [verdict["ended"][0] for verdict in verdicts]
    assert [] == bench.broken(subject, verdicts)
    assert told >= set(ended)
    assert len(ended) / 2 < len(ended) - ended.count("none")


@pytest.mark.parametrize("kind", PORT_KINDS)
@pytest.mark.parametrize("subject", SUBJECTS)
def test_a_store_that_answers_wrongly(bench: Bench, subject: str, kind: str) -> None:
    """A store elsewhere: a write that never arrives, or twice, or late, or whose answer is lost."""
    writes = range(1, bench.undisturbed(subject)["writes"] + 1, STEP[subject])
    verdicts = bench.put(subject, [{"faults": [[write, kind]]} for write in writes])
    ended = {verdict["ended"][0] for verdict in verdicts}
    assert [] == bench.broken(subject, verdicts)
    assert {"none" if kind in {"late", "twice"} else "STORE_UNAVAILABLE"} == ended


@pytest.mark.parametrize("subject", SUBJECTS)
def test_a_clock_that_goes_back(bench: Bench, subject: str) -> None:
    """The process that goes on after a kill reads a time a day before the events that it finds; or a day later.

    Also between a decision and the resume; what comes of it replays.
    """
    cases = [
        {"faults": [[point, "kill"]], "clock": (-DAY, DAY)[number % 2]}
        for number, point in enumerate(bench.points(subject)[:: 1 if THOROUGH else 9])
    ]
    verdicts = bench.put(subject, cases)
    assert [] == bench.broken(subject, verdicts)
    decided = bench.undisturbed(subject)["decided"]
    assert {True} >= {any(verdict["faults"][0][0] > point for verdict in verdicts) for point in decided}


def test_what_was_paid_for_is_there_to_be_counted(bench: Bench) -> None:
    """The subjects are what they are taken for: fifty calls, an approval, hundreds of points."""
    fifty = bench.undisturbed("fifty")
    assert dict.fromkeys(range(50), 1) == bench._server.paid_for(fifty["case"])
    assert 700 < fifty["points"]
    assert bench.undisturbed("hello-convergence")["points"] < bench.undisturbed("vendor-selection")["points"]


def test_the_page_of_faults_names_tests_that_exist() -> None:
    """Each line of the table of docs/faults.md leads to a test, and each test of this matrix has a line."""
    page = (ROOT / "docs" / "faults.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", page))
    defined = {
        (file, name)
        for file in {file for file, _ in named}
        for name in re.findall(r"^def (test_\w+)", (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE)
    }
    mine = {name for file, name in defined if file.endswith(Path(__file__).name)}
    assert set() == named - defined
    assert {name for name in mine if "page" not in name and "paid" not in name} == {
        name for file, name in named if file.endswith(Path(__file__).name)
    }
