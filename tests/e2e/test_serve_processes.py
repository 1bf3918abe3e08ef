"""`converge serve --processes`: jobs are driven beside the process that answers; it hears of all that they do."""

import os
import signal
import time
from pathlib import Path
from typing import Any

import httpx2
from server_process import Server, followed

SECONDS = 5
"""A server that is told to stop has ended by then."""
SLOW = 'open("asleep", "w").close()\ntime.sleep(2)\nreturn Effect([self.note(view)])'


def workers_of(server: Server) -> list[int]:
    """The processes that a server has started."""
    tasks = Path(f"/proc/{server.process.pid}/task").iterdir()
    return [int(name) for task in tasks for name in (task / "children").read_text().split()]


def until(holds: Any, seconds: float = 20.0) -> None:
    """Wait until something holds."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)


def ready(server: Server) -> Any:
    """What /ready says of the workers, with its status."""
    answer = server.http.get("/ready")
    return answer.status_code, {check["name"]: check["detail"] for check in answer.json()["checks"]}["workers"]


def gone(process: int) -> bool:
    """Whether a process is no more."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    return False


def test_jobs_that_other_processes_drive_are_followed_counted_and_decided_like_any(start: Any, converge: Any):
    """The same outcome digest as `converge run`, its events as they come, and metrics of what was done elsewhere."""
    server = start("--processes", "2", "--workers", "1")
    job = server.submit("vendor-selection")
    with followed(server, job) as lines:
        server.rested(job)
        yes = {"decision": "approved", "reason": "three bids compared", "by": "mona"}
        assert [] == server.http.post(f"/api/v1/jobs/{job}/approvals/vendor_commitment", json=yes).json()["refusals"]
        seen = server.rested(job)
    ids = [int(line.removeprefix("id: ")) for line in lines if line.startswith("id: ")]
    assert list(range(1, len(ids) + 1)) == ids
    here = converge(
        "run", "vendor-selection", "--approve", "vendor_commitment=mona", "--reason", yes["reason"], "--json",
        env={"CONVERGE_STORAGE_PATH": str(converge.folder / "other")},
    )  # fmt: skip
    assert here.data["outcome_digest"] == seen["result"]["outcome_digest"]
    counted = server.http.get("/metrics").text.splitlines()
    assert 'converge_jobs_settled_total{status="ended",truth="vendor-selection"} 1.0' in counted
    assert "converge_claims_total 2.0" in counted
    appends = [float(line.split()[1]) for line in counted if line.startswith("converge_append_seconds_count")]
    assert appends[0] >= seen["cycles"]
    assert (200, "2 at work") == ready(server)


def test_processes_that_are_killed_are_started_again(start: Any):
    """Until then the server is not ready, and says so; what is submitted meanwhile is driven afterwards."""
    server = start("--processes", "2", "--workers", "1")
    killed = workers_of(server)
    assert 2 == len(killed)
    for process in killed:
        os.kill(process, signal.SIGKILL)
    until(lambda: ready(server) == (503, "none is at work"), 3)
    job = server.submit("hello-convergence")
    assert "CriteriaMet" == server.rested(job)["outcome"]
    until(lambda: ready(server) == (200, "2 at work"))
    assert set(killed).isdisjoint(workers_of(server))


def test_a_job_under_way_is_left_between_two_cycles_and_goes_on_at_the_next_start(start: Any, project: Any):
    """SIGTERM ends every process in time, and each job is given back."""
    folder = project.execute(SLOW)
    server = start("--processes", "1", cwd=folder)
    job = server.submit("small")
    server.until_told(folder / "asleep")
    workers = workers_of(server)
    code, _, seconds = server.stop()
    assert (0, True) == (code, seconds < SECONDS)
    assert [True] == [gone(worker) for worker in workers]
    again = start("--processes", "1", cwd=folder)
    assert "CriteriaMet" == again.until(job, lambda seen: seen["status"] == "ended")["outcome"]


def test_a_wish_to_cancel_reaches_the_process_that_has_the_job(start: Any, project: Any):
    """At once, not when it next asks the store."""
    folder = project.execute(SLOW)
    server = start("--processes", "2", "--workers", "1", cwd=folder)
    job = server.submit("small")
    server.until_told(folder / "asleep")
    assert 202 == server.http.post(f"/api/v1/jobs/{job}/cancel").status_code
    until(lambda: server.http.get(f"/api/v1/jobs/{job}").json()["status"] == "cancelled", 2.8)


def test_workers_end_with_a_server_that_is_killed(start: Any):
    """Nobody is left behind to drive jobs that nobody answers for."""
    server = start("--processes", "2")
    workers = workers_of(server)
    server.process.kill()
    server.process.communicate()
    until(lambda: all(gone(worker) for worker in workers), SECONDS)


def test_workers_that_sleep_hold_nobody_up(start: Any):
    """A stopped process hears nothing; whoever submits is answered all the same, and it goes on when it is awake."""
    server = start("--processes", "1", "--workers", "1")
    [worker] = workers_of(server)
    until(lambda: ready(server)[0] == 200)
    os.kill(worker, signal.SIGSTOP)
    try:
        with httpx2.Client(base_url=server.url, timeout=5) as http:
            jobs = [http.post("/api/v1/jobs", json={"truth": "hello-convergence"}).json()["job_id"] for _ in range(50)]
    finally:
        os.kill(worker, signal.SIGCONT)
    assert {"CriteriaMet"} == {server.rested(job)["outcome"] for job in jobs}


def test_other_processes_can_not_share_a_memory(converge: Any):
    """Told before anything listens."""
    told = converge("serve", "--processes", "2", "--json", env={"CONVERGE_STORAGE_BACKEND": "memory"})
    assert (2, "--processes") == (told.code, told.error["where"])
