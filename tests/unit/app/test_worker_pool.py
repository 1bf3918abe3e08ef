"""Workers drive real runs over a real store: to the end, in turns, past whatever stops them."""

import asyncio
import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from diary_project import Diary, FailingSink, ShiftedClock, refused, until

from converge_cli.app.decide_approval import decide_approval
from converge_cli.app.jobs.caller import LOCAL
from converge_cli.app.jobs.decide_job import DecisionRequest, decide_job
from converge_cli.app.jobs.drive_job import DriveJob
from converge_cli.app.jobs.steer_job import cancel_job, resume_job
from converge_cli.app.jobs.submission import EarlyApproval, GivenInput, ResumeRequest, Submission
from converge_cli.app.open_run import open_run
from converge_cli.app.resume_run import ResumeRun
from converge_cli.app.run_job import RunJob, RunRequest
from converge_cli.core.budget import BudgetChange
from converge_cli.core.event import RunResumed
from converge_cli.core.job_queue import JobStatus, QueuedJob
from converge_cli.engine.decision import Statement
from converge_cli.store.sqlite import SqliteExperience

ENDS = ("RunPaused", "RunResumed", "RunStopped")
YES = Statement("approved", "seen the papers", "interactive")


@pytest.fixture
def diary(tmp_path: Path) -> Iterator[Diary]:
    """A service of a small project, whose leases are short."""
    made = Diary(tmp_path / "project", lease_seconds=2.0)
    yield made
    made.close()


@pytest.fixture
def unhurried(tmp_path: Path) -> Iterator[Diary]:
    """The same, with leases that no busy machine lets run out: where it is counted how often a job is claimed."""
    made = Diary(tmp_path / "project")
    yield made
    made.close()


def digest(diary: Diary, job: str) -> str:
    """The outcome digest of a job's run."""
    return open_run(diary.setting.services, job).engine.recorded(job).outcome_digest


def local_digest(diary: Diary, truth: str = "diary") -> str:
    """The outcome digest of the same truth, run by a command to its end."""
    store = SqliteExperience(diary.folder / "local")
    result = asyncio.run(RunJob(diary.services(store), RunRequest(truth)).run()).result
    store.close()
    return result.outcome_digest


def test_jobs_are_driven_to_their_end_and_come_to_what_a_command_comes_to(unhurried: Diary) -> None:
    """Several at once; each run has the id of its job and one stop."""
    jobs = [unhurried.submit() for _ in range(5)]
    with unhurried.pool(workers=3):
        for job in jobs:
            ended = unhurried.wait(job, JobStatus.ENDED)
            assert (1, 1, "") == (ended.fence, ended.passes, ended.error)
    assert {local_digest(unhurried)} == {digest(unhurried, job) for job in jobs}
    assert [["RunStopped"]] * 5 == [unhurried.names(job, *ENDS) for job in jobs]
    assert sorted(jobs) == sorted(job.job for job in unhurried.settled)
    assert [] == unhurried.troubles


def test_a_pool_that_is_told_to_stop_finishes_the_cycle_and_gives_the_job_back(unhurried: Diary) -> None:
    """The next one goes on where it stood, and comes to the same; what nobody claimed is left queued."""
    hold = unhurried.hold(2)
    job, other = unhurried.submit(), unhurried.submit()
    with unhurried.pool() as pool:
        unhurried.wait_for_notes(job, 2)
        began = time.monotonic()
        assert pool.stop(10)
        assert time.monotonic() - began < 5
        assert [JobStatus.QUEUED, JobStatus.QUEUED] == [unhurried.status(job), unhurried.status(other)]
    assert (1, 0) == (unhurried.setting.queue.job(job).fence, unhurried.setting.queue.job(job).passes)
    hold.unlink()
    with unhurried.pool():
        assert 2 == unhurried.wait(job, JobStatus.ENDED).fence
        unhurried.wait(other, JobStatus.ENDED)
    assert ["RunPaused", "RunResumed", "RunStopped"] == unhurried.names(job, *ENDS)
    assert {local_digest(unhurried)} == {digest(unhurried, job), digest(unhurried, other)}


def test_a_job_that_nobody_claimed_is_cancelled_at_once_and_can_be_resumed(diary: Diary) -> None:
    """It never ran; what it is resumed with can't be added to anything."""
    job = diary.submit()
    assert JobStatus.CANCELLED == cancel_job(diary.setting, LOCAL, job).status
    more = ResumeRequest(add_budget=BudgetChange(cycles=1))
    assert "SUBMISSION_INVALID" == refused(lambda: resume_job(diary.setting, LOCAL, job, more))
    with diary.pool():
        resume_job(diary.setting, LOCAL, job, ResumeRequest())
        diary.wait(job, JobStatus.ENDED)
    assert ["RunStopped"] == diary.names(job, *ENDS)


def test_a_running_job_is_cancelled_between_cycles_and_can_be_resumed(diary: Diary) -> None:
    """By the pool that has it at once, and by the next renewal when another door was asked."""
    with diary.pool() as pool:
        for tell in (True, False):
            hold = diary.hold(2)
            job = diary.submit()
            diary.wait_for_notes(job, 2)
            assert cancel_job(diary.setting, LOCAL, job).cancel
            if tell:
                pool.cancel(job)
            assert not diary.wait(job, JobStatus.CANCELLED).cancel
            hold.unlink()
            resume_job(diary.setting, LOCAL, job, ResumeRequest())
            diary.wait(job, JobStatus.ENDED)
            assert ["RunPaused", "RunResumed", "RunStopped"] == diary.names(job, *ENDS)
            assert local_digest(diary) == digest(diary, job)


def test_a_cancelled_pass_of_a_paused_job_stops_before_it_goes_on(tmp_path: Path) -> None:
    """Its run says that it was cancelled; no note was added."""
    diary = Diary(tmp_path / "project", budget="budget: {cycles: 2, facts: 1000, time: 30s} #")
    job = diary.submit()
    with diary.pool():
        diary.wait(job, JobStatus.PAUSED)
        assert JobStatus.QUEUED == cancel_job(diary.setting, LOCAL, job).status
        diary.wait(job, JobStatus.CANCELLED)
    assert (2, "Cancelled") == (diary.store.row(job).facts, diary.store.row(job).reason)
    diary.close()


@pytest.mark.parametrize("dies", ["before it records", "after it recorded", "never"])
def test_added_budget_counts_once_although_a_worker_dies(tmp_path: Path, dies: str) -> None:
    """Before the resume was recorded, or between recording and settling: the next worker goes on from there."""
    diary = Diary(tmp_path / "project", lease_seconds=0.3, budget="budget: {cycles: 2, facts: 1000, time: 30s} #")
    job = diary.submit()
    with diary.pool():
        diary.wait(job, JobStatus.PAUSED)
    assert "CycleBudgetExhausted" == diary.store.row(job).reason
    resume_job(diary.setting, LOCAL, job, ResumeRequest(add_budget=BudgetChange(cycles=2)))
    queue, clock = diary.setting.queue, diary.setting.services.clock
    if dies != "never":
        taken = queue.claim("dying", clock.now(), clock.now())
        assert taken is not None
        if dies == "after it recorded":
            loop = asyncio.new_event_loop()
            assert JobStatus.PAUSED == DriveJob(diary.setting, taken, None, lambda _: None).run(loop).status
            loop.close()
    with diary.pool():
        diary.wait(job, JobStatus.PAUSED)
    added = [event.added.cycles for event in diary.events(job) if isinstance(event, RunResumed)]
    assert (2, 4) == (sum(added), diary.store.row(job).facts)
    assert "" == queue.job(job).asked
    diary.close()


def test_approvals_given_along_are_used_when_the_run_asks(diary: Diary) -> None:
    """The job ends without a pause; one that was given to no use is told by the run, and not given again."""
    given = EarlyApproval("vendor_commitment", by="mona")
    with diary.pool():
        assert 1 == diary.wait(diary.submit("vendor-selection", approvals=(given,)), JobStatus.ENDED).passes
        job = diary.submit("vendor-selection", approvals=(replace_by(given, "frank"),))
        diary.wait(job, JobStatus.PAUSED)
        answer = decide_job(diary.setting, LOCAL, job, "vendor_commitment", DecisionRequest("approved", "yes", "mona"))
        assert () == answer.refused
        diary.wait(job, JobStatus.ENDED)
    assert ["DecisionRefused", "ApprovalDecided"] == diary.names(job, "DecisionRefused", "ApprovalDecided")


def replace_by(given: EarlyApproval, person: str) -> EarlyApproval:
    """The same, by somebody else."""
    return EarlyApproval(given.point, by=person)


def test_a_decision_of_a_command_on_the_same_store_wakes_the_job(unhurried: Diary) -> None:
    """`converge approve` in another process knows nothing of the service; a refused decision wakes nobody."""
    elsewhere = SqliteExperience(unhurried.folder / "store")
    with unhurried.pool():
        job = unhurried.submit("vendor-selection")
        paused = unhurried.wait(job, JobStatus.PAUSED)
        services = unhurried.services(elsewhere)
        refusal = decide_approval(services, job, "vendor_commitment", "frank", YES)
        assert ["ROLE_MISSING"] == [decided.code for decided in refusal.refused]
        assert paused == unhurried.setting.queue.job(job)
        assert () == decide_approval(services, job, "vendor_commitment", "mona", YES).refused
        ended = unhurried.wait(job, JobStatus.ENDED)
    assert (paused.fence + 1, "CriteriaMet") == (ended.fence, unhurried.store.row(job).reason)
    elsewhere.close()


def test_a_run_that_a_command_brought_to_its_end_ends_its_job(diary: Diary) -> None:
    """Decided and resumed at a terminal while no service was there."""
    job = diary.submit("vendor-selection")
    with diary.pool():
        diary.wait(job, JobStatus.PAUSED)
    services = diary.services(diary.store)
    decide_approval(services, job, "vendor_commitment", "mona", YES)
    asyncio.run(ResumeRun(services, job).run())
    with diary.pool():
        diary.wait(job, JobStatus.ENDED)
    assert ["RunPaused", "RunResumed", "RunStopped"] == diary.names(job, *ENDS)


def test_a_request_whose_time_is_up_wakes_its_job(diary: Diary) -> None:
    """After days: nobody decided, and what the truth says of that happens."""
    clock = ShiftedClock(diary.setting.services.clock)
    diary.setting = diary.setting_of(0.6, clock=clock)
    with diary.pool():
        job = diary.submit("expense-approval")
        paused = diary.wait(job, JobStatus.PAUSED)
        until_first = min(request.until or "9" for request in pending(diary, job))
        assert until_first == paused.due
        clock.days = 30
        until(lambda: diary.setting.queue.job(job).fence > paused.fence)
        until(lambda: diary.status(job) not in {JobStatus.QUEUED, JobStatus.RUNNING})
    assert [] == [request for request in pending(diary, job) if (request.until or "9") <= clock.now()]


def pending(diary: Diary, job: str) -> list[object]:
    """What a job's run waits for."""
    return list(open_run(diary.setting.services, job).engine.recorded(job).pending)


def test_an_input_that_was_missing_is_given_to_a_resume(tmp_path: Path) -> None:
    """The job pauses for it, and ends with it; given once more it is refused by the job, not by the worker."""
    added = 'inputs: {notes: {kind: note, id: "note:{text}", as: rows}}\nbudget:'
    diary = Diary(tmp_path / "project", budget=added)
    pack = diary.folder / "packs" / "diary.py"
    counted = 'number = len(view.facts("Signals:note:*"))'
    waits = 'if not view.facts("Seeds:note:*"):\n            return Effect()\n        '
    pack.write_text(pack.read_text().replace(counted, waits + counted))
    given = ResumeRequest(inputs={"notes": GivenInput(rows=[{"text": "late"}])})
    with diary.pool():
        job = diary.submit()
        diary.wait(job, JobStatus.PAUSED)
        assert "HumanInterventionRequired" == diary.store.row(job).reason
        resume_job(diary.setting, LOCAL, job, given)
        diary.wait(job, JobStatus.ENDED)
    assert "CriteriaMet" == diary.store.row(job).reason
    diary.close()


def test_a_pack_that_holds_its_thread_costs_one_thread(tmp_path: Path) -> None:
    """The run says who is stuck, another worker takes over, and the pool can be stopped."""
    diary = Diary(tmp_path / "project")
    sleep = diary.folder / "sleep"
    sleep.touch()
    with diary.pool() as pool:
        stuck = diary.submit()
        diary.wait(stuck, JobStatus.PAUSED)
        sleep.unlink()
        diary.wait(diary.submit(), JobStatus.ENDED)
        assert 1 == pool.alive()
        began = time.monotonic()
        assert pool.stop(10)
        assert time.monotonic() - began < 3
    result = open_run(diary.setting.services, stuck).engine.recorded(stuck)
    assert ("SuggestorFailed", ("opener",)) == (result.stop.reason.value, result.stop.names)
    diary.close()


def test_a_pack_that_holds_its_thread_while_it_is_made_costs_one_job(tmp_path: Path) -> None:
    """Although another job loaded the pack before: the one that is stuck fails, and the next one is driven."""
    diary = Diary(tmp_path / "project")
    sleep, hold = diary.folder / "sleep-early", diary.hold(2)
    first, stuck, last = (diary.submit() for _ in range(3))
    with diary.pool() as pool:
        diary.wait_for_notes(first, 2)
        sleep.touch()
        hold.unlink()
        assert "a pack holds" in diary.wait(stuck, JobStatus.FAILED).error
        diary.wait(last, JobStatus.ENDED)
        assert JobStatus.ENDED == diary.status(first)
        assert (1, []) == (pool.alive(), diary.troubles)
    diary.close()


def test_jobs_wait_while_the_store_is_full_and_go_on_when_it_is_not(diary: Diary) -> None:
    """Nothing that was acknowledged is lost, no worker dies, and no submission is taken that can't be kept."""
    hold = diary.hold(2)
    jobs = [diary.submit() for _ in range(3)]
    with diary.pool(workers=2) as pool:
        diary.wait_for_notes(jobs[0], 2)
        with diary.full_disk():
            hold.unlink()
            until(lambda: any(code == "STORE_UNAVAILABLE" for _, code in diary.troubles))
            noise = {"notes": GivenInput(text="x" * 200_000)}
            assert "nothing was raised" != refused(lambda: diary.submit(inputs=noise))
        for job in jobs:
            diary.wait(job, JobStatus.ENDED)
        assert 2 == pool.alive()
    assert {local_digest(diary)} == {digest(diary, job) for job in jobs}


def test_a_fault_of_ours_fails_the_job_and_not_the_worker(diary: Diary) -> None:
    """Whoever asks for the job learns the kind of error, the log what it said; the next job is driven."""
    with diary.pool(sink=FailingSink()) as pool:
        for job in (diary.submit(), diary.submit()):
            error = json.loads(diary.wait(job, JobStatus.FAILED).error)
            assert ("INTERNAL", "unexpected ZeroDivisionError") == (error["code"], error["message"])
        assert 1 == pool.alive()
    assert 2 == len(diary.troubles)


def test_whoever_can_not_be_told_of_a_job_costs_nobody_the_next_one(diary: Diary) -> None:
    """It was claimed with the word that the first is done, and is driven; what went wrong is told."""
    jobs = [diary.submit() for _ in range(3)]
    told: list[str] = []

    def settled(job: QueuedJob) -> None:
        told.append(job.job)
        raise ZeroDivisionError("by nobody's fault")

    with diary.pool(settled=settled):
        for job in jobs:
            diary.wait(job, JobStatus.ENDED)
        until(lambda: len(diary.troubles) == 3)
    assert jobs == told


def test_a_job_whose_pack_has_gone_fails_with_why_and_goes_on_when_it_is_back(diary: Diary) -> None:
    """Failed is not lost: the same run goes on from what it had recorded."""
    hold = diary.hold(2)
    job = diary.submit()
    with diary.pool():
        diary.wait_for_notes(job, 2)
    pack = diary.folder / "packs" / "diary.py"
    text = pack.read_text()
    pack.unlink()
    hold.unlink()
    with diary.pool():
        assert "PACK_INVALID" == json.loads(diary.wait(job, JobStatus.FAILED).error)["code"]
        pack.write_text(text)
        resume_job(diary.setting, LOCAL, job, ResumeRequest())
        diary.wait(job, JobStatus.ENDED)
    assert local_digest(diary) == digest(diary, job)


def test_a_run_that_had_ended_when_its_worker_died_is_not_touched_again(diary: Diary) -> None:
    """Recorded, not settled: whoever claims it next settles it, even where its pack is gone by then."""
    queue, clock = diary.setting.queue, diary.setting.services.clock
    job = diary.submit()
    taken = queue.claim("dying", clock.now(), clock.now())
    assert taken is not None
    loop = asyncio.new_event_loop()
    assert JobStatus.ENDED == DriveJob(diary.setting, taken, None, lambda _: None).run(loop).status
    loop.close()
    row = diary.store.row(job)
    (diary.folder / "packs" / "diary.py").unlink()
    with diary.pool():
        assert 2 == diary.wait(job, JobStatus.ENDED).fence
    assert row == diary.store.row(job)


def test_jobs_of_a_worker_that_died_go_on_when_its_lease_has_run_out(diary: Diary) -> None:
    """Amid its run, without a word; the digest is that of an undisturbed run."""
    queue, clock = diary.setting.queue, diary.setting.services.clock
    job = diary.submit()
    taken = queue.claim("dying", clock.now(), clock.now())
    assert taken is not None
    request = Submission(truth="diary").request("local")
    dying = RunJob(diary.setting.services_of(taken), request, FailingSink(after=3))
    with pytest.raises(ZeroDivisionError):
        asyncio.run(dying.run())
    assert 0 < diary.store.row(job).facts < 5
    with diary.pool():
        assert 2 == diary.wait(job, JobStatus.ENDED).fence
    assert local_digest(diary) == digest(diary, job)
