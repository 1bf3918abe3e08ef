"""What every adapter of the JobQueue port must do, together with the experience store that it guards.

    class TestMine(QueueConformance):
        @pytest.fixture
        def place(self):
            store = MyExperience(...)
            yield QueuePlace(store, MyQueue(store))
            store.close()

The fixture gives a new, empty place each time. Change nothing else. Must never know an adapter.
"""

import threading
from typing import Any, NamedTuple

import msgspec

from converge_cli._internal.hashing import digest_bytes
from converge_cli.core.call import KeptCall
from converge_cli.core.errors import ConcurrentAppendError, ConvergeError, RunBusyError, RunNotFoundError
from converge_cli.core.job_queue import (
    AT_ONCE,
    MOST_LAPSES,
    IdempotencyConflictError,
    JobFilter,
    JobNotFoundError,
    JobNotOpenError,
    JobQueue,
    JobStatus,
    Lease,
    LeaseLostError,
    QueuedJob,
    QueueFullError,
    Settled,
)
from converge_cli.core.port import Commit, Experience, RunRow
from converge_cli.testing.experience_conformance import commit_after, expect, expect_error, fill, sample_events

MANY = 1000
"""More jobs than any of these tests submits."""


class QueuePlace(NamedTuple):
    """A queue and the store of the runs that it guards."""

    experience: Experience
    queue: JobQueue


def moment(second: int) -> str:
    """A time as ports have it, this many seconds after the first."""
    return f"2026-11-21T14:{second // 60:02d}:{second % 60:02d}.000000Z"


def sample_job(job: str, submission: bytes = b"{}", **changes: Any) -> QueuedJob:
    """A job as it is submitted."""
    values: dict[str, Any] = {"truth": "sample", "owner": "mona", "created_at": moment(0), "updated_at": moment(0)}
    return QueuedJob(job=job, submission=digest_bytes(submission), **(values | changes))


def submitted(queue: JobQueue, *jobs: str, **changes: Any) -> list[QueuedJob]:
    """Jobs, submitted one after another."""
    return [queue.submit(sample_job(job, **changes), b"{}", MANY) for job in jobs]


def claim(queue: JobQueue, at: int = 1, *, seconds: int = 10, worker: str = "w1") -> QueuedJob:
    """The next job; fails when there is none."""
    job = queue.claim(worker, moment(at), moment(at + seconds))
    if job is None:
        raise AssertionError("nothing could be claimed")
    return job


def settle(queue: JobQueue, job: QueuedJob, status: JobStatus, at: int = 2, due: str = "") -> QueuedJob:
    """What a claimed job has come to."""
    return queue.settle(job.lease, Settled(status, due), moment(at))


def fenced(commit: Commit, fence: int | None) -> Commit:
    """A commit as a worker makes it."""
    return msgspec.structs.replace(commit, fence=fence)


class QueueConformance:
    """The suite, as pytest collects it."""

    def test_a_submitted_job_is_queued_and_its_submission_kept(self, place: QueuePlace) -> None:
        """Found by its id, with the bytes under the digest that it names."""
        job = sample_job("job1", b'{"truth":"sample"}', trace="00-trace")
        expect(job, place.queue.submit(job, b'{"truth":"sample"}', MANY))
        expect((job, {JobStatus.QUEUED: 1}), (place.queue.job("job1"), dict(place.queue.counts())))
        expect(b'{"truth":"sample"}', place.experience.get_blob(job.submission))

    def test_a_key_that_comes_again_with_the_same_submission_means_the_first_job(self, place: QueuePlace) -> None:
        """Also when that has ended by now; another person's key, and jobs without one, are their own."""
        first, *_ = submitted(place.queue, "job1", key="k")
        expect([first], submitted(place.queue, "job2", key="k"))
        ended = settle(place.queue, claim(place.queue), JobStatus.ENDED)
        expect([ended], submitted(place.queue, "job3", key="k"))
        expect(["job4"], [job.job for job in submitted(place.queue, "job4", key="k", owner="ivo")])
        expect(["job5", "job6"], [job.job for job in submitted(place.queue, "job5", "job6")])
        expect(["job6", "job5", "job4", "job1"], [job.job for job in place.queue.jobs(JobFilter())])

    def test_a_key_that_comes_again_with_something_else_is_refused(self, place: QueuePlace) -> None:
        """And nothing is queued for it; the error names the job that has the key."""
        submitted(place.queue, "job1", key="k")
        other = sample_job("job2", b"other", key="k")
        error = expect_error(IdempotencyConflictError, lambda: place.queue.submit(other, b"other", MANY))
        expect(True, "job1" in error.message)
        expect_error(JobNotFoundError, lambda: place.queue.job("job2"))

    def test_a_full_queue_takes_no_more_until_one_is_claimed(self, place: QueuePlace) -> None:
        """Only jobs that wait count; a repeated submission is answered all the same."""
        first = place.queue.submit(sample_job("job1", key="k"), b"{}", 2)
        place.queue.submit(sample_job("job2"), b"{}", 2)
        expect_error(QueueFullError, lambda: place.queue.submit(sample_job("job3"), b"{}", 2))
        expect(first, place.queue.submit(sample_job("job4", key="k"), b"{}", 2))
        claim(place.queue)
        expect("job3", place.queue.submit(sample_job("job3"), b"{}", 2).job)

    def test_an_id_that_a_run_or_job_has_is_refused(self, place: QueuePlace) -> None:
        """A job that was given another's id would go on with that one's run."""
        submitted(place.queue, "job1")
        fill(place.experience, "run1", (1,))
        for job in ("job1", "run1"):
            expect_error(ConcurrentAppendError, lambda job=job: submitted(place.queue, job))  # type: ignore[misc]
        for job in ("", "../up", "a/b", "x" * 65):
            expect_error(ConvergeError, lambda job=job: submitted(place.queue, job))  # type: ignore[misc]
        expect(["job1"], [job.job for job in place.queue.jobs(JobFilter())])

    def test_jobs_are_claimed_in_the_order_of_submission_each_once(self, place: QueuePlace) -> None:
        """With the worker, its lease and fencing number 1; then there is none."""
        submitted(place.queue, "job2", "job1", "job3")
        taken = [claim(place.queue, worker=f"w{number}") for number in range(3)]
        expect(["job2", "job1", "job3"], [job.job for job in taken])
        wanted = sample_job(
            "job2", status=JobStatus.RUNNING, fence=1, worker="w0", lease_until=moment(11), updated_at=moment(1)
        )
        expect([wanted, Lease("job2", 1)], [taken[0], taken[0].lease])
        expect((None, wanted), (place.queue.claim("w9", moment(1), moment(11)), place.queue.job("job2")))

    def test_nothing_can_be_claimed_of_an_empty_queue(self, place: QueuePlace) -> None:
        """And looking for it changes nothing."""
        expect(None, place.queue.claim("w1", moment(1), moment(11)))
        expect((0, {}, []), (place.queue.wake_due(moment(1)), dict(place.queue.counts()), list(_all(place.queue))))

    def test_a_job_whose_lease_has_run_out_is_claimed_again_with_a_higher_fence(self, place: QueuePlace) -> None:
        """Not before; and before jobs that were submitted later."""
        submitted(place.queue, "job1")
        claim(place.queue, 1, seconds=10)
        submitted(place.queue, "job2")
        expect("job2", claim(place.queue, 11, seconds=1).job)
        submitted(place.queue, "job3")
        again = claim(place.queue, 12, worker="w2")
        expect(("job1", 2, "w2"), (again.job, again.fence, again.worker))

    def test_claims_in_a_row_that_ran_out_are_remembered_until_one_is_settled(self, place: QueuePlace) -> None:
        """When each was made, the last few of them; a job that is given back or comes to rest begins anew."""
        submitted(place.queue, "job1")
        seen = [claim(place.queue, 2 * number, seconds=1).lapsed for number in range(MOST_LAPSES + 3)]
        wanted = [tuple(moment(2 * past) for past in range(number)) for number in range(MOST_LAPSES + 3)]
        expect([times[-MOST_LAPSES:] for times in wanted], seen)
        settle(place.queue, claim(place.queue, 100), JobStatus.QUEUED)
        expect((), place.queue.job("job1").lapsed)
        expect([(), (moment(200),)], [claim(place.queue, at, seconds=1).lapsed for at in (200, 300)])

    def test_a_renewed_lease_holds_for_longer(self, place: QueuePlace) -> None:
        """And the answer tells of a wish to cancel."""
        submitted(place.queue, "job1")
        job = claim(place.queue, 1, seconds=10)
        expect(False, place.queue.renew(job.lease, moment(30)).cancel)
        expect(None, place.queue.claim("w2", moment(20), moment(30)))
        place.queue.cancel("job1", moment(21))
        expect(True, place.queue.renew(job.lease, moment(40)).cancel)

    def test_whoever_lost_a_lease_can_neither_renew_nor_settle(self, place: QueuePlace) -> None:
        """To another worker, to itself by settling, or never had one."""
        submitted(place.queue, "job1")
        old = claim(place.queue, 1, seconds=1)
        new = claim(place.queue, 5, worker="w2")
        for lost in (old.lease, Lease("job1", 0), Lease("job1", 9)):
            self._expect_lost(place.queue, lost)
        expect(new, place.queue.job("job1"))
        settle(place.queue, new, JobStatus.PAUSED)
        self._expect_lost(place.queue, new.lease)
        expect_error(JobNotFoundError, lambda: place.queue.renew(Lease("job9", 1), moment(9)))

    def test_a_job_is_settled_and_the_next_one_claimed_as_one(self, place: QueuePlace) -> None:
        """None where there is none; whoever lost the first has claimed nothing."""
        queue, ended = place.queue, Settled(JobStatus.ENDED)
        submitted(queue, "j1", "j2", "j3")
        lost = claim(queue).lease
        done, following = queue.settle_and_claim(lost, ended, moment(2), "w1", moment(20))
        expect(("j1", JobStatus.ENDED), (done.job, queue.job("j1").status))
        expect(("j2", JobStatus.RUNNING), (following.job if following else "", queue.job("j2").status))
        expect_error(LeaseLostError, lambda: queue.settle_and_claim(lost, ended, moment(3), "w1", moment(20)))
        expect(JobStatus.QUEUED, queue.job("j3").status)
        expect(None, queue.settle_and_claim(claim(queue).lease, ended, moment(4), "w1", moment(20))[1])

    def test_what_a_job_has_come_to_is_kept(self, place: QueuePlace) -> None:
        """With a pass counted, and nobody holding it; a failed one says why."""
        submitted(place.queue, "job1", "job2", "job3", "job4")
        for status in (JobStatus.PAUSED, JobStatus.ENDED, JobStatus.CANCELLED):
            job = settle(place.queue, claim(place.queue), status, 7)
            expect((status, "", 1, moment(7)), (job.status, job.lease_until, job.passes, job.updated_at))
            expect(job, place.queue.job(job.job))
        failed = place.queue.settle(
            claim(place.queue).lease, Settled(JobStatus.FAILED, error='{"code":"X"}'), moment(7)
        )
        expect((JobStatus.FAILED, '{"code":"X"}'), (failed.status, failed.error))
        expect(None, place.queue.claim("w1", moment(50), moment(60)))
        expect(dict.fromkeys(("paused", "ended", "cancelled", "failed"), 1), dict(place.queue.counts()))

    def test_a_job_that_is_given_back_is_claimed_as_it_was(self, place: QueuePlace) -> None:
        """No pass is counted; instructions and a wish to cancel stand."""
        submitted(place.queue, "job1")
        settle(place.queue, claim(place.queue), JobStatus.PAUSED)
        place.queue.wake("job1", moment(3), b"more")
        taken = claim(place.queue, 4)
        place.queue.cancel("job1", moment(5))
        back = settle(place.queue, taken, JobStatus.QUEUED, 6)
        expect((JobStatus.QUEUED, 1, digest_bytes(b"more"), True), (back.status, back.passes, back.asked, back.cancel))
        expect((back.asked, 3), (claim(place.queue, 7).asked, place.queue.job("job1").fence))

    def test_a_job_at_rest_is_woken_with_instructions(self, place: QueuePlace) -> None:
        """Paused, cancelled or failed; they are kept as a blob, and gone after the next pass."""
        for number, status in enumerate((JobStatus.PAUSED, JobStatus.CANCELLED, JobStatus.FAILED)):
            job, wish = f"job{number}", f"wish {number}".encode()
            submitted(place.queue, job)
            settle(place.queue, claim(place.queue), status)
            woken = place.queue.wake(job, moment(3), wish)
            expect((JobStatus.QUEUED, digest_bytes(wish), "", ""), (woken.status, woken.asked, woken.error, woken.due))
            expect(wish, place.experience.get_blob(woken.asked))
            expect("", settle(place.queue, claim(place.queue), JobStatus.ENDED).asked)

    def test_waking_a_job_that_is_not_at_rest_changes_nothing(self, place: QueuePlace) -> None:
        """Queued or running: nothing, and instructions are refused. Ended: refused either way."""
        (queued,) = submitted(place.queue, "job1")
        expect(queued, place.queue.wake("job1", moment(9)))
        expect_error(JobNotOpenError, lambda: place.queue.wake("job1", moment(9), b"more"))
        running = claim(place.queue)
        expect(running, place.queue.wake("job1", moment(9)))
        expect_error(JobNotOpenError, lambda: place.queue.wake("job1", moment(9), b"more"))
        ended = settle(place.queue, running, JobStatus.ENDED)
        for wish in (b"", b"more"):
            expect_error(JobNotOpenError, lambda wish=wish: place.queue.wake("job1", moment(9), wish))  # type: ignore[misc]
        expect(ended, place.queue.job("job1"))
        expect_error(JobNotFoundError, lambda: place.queue.wake("job9", moment(9)))

    def test_a_paused_job_wakes_when_its_time_has_come(self, place: QueuePlace) -> None:
        """At the moment itself, and not before; one without a time sleeps on."""
        submitted(place.queue, "job1", "job2")
        settle(place.queue, claim(place.queue), JobStatus.PAUSED, due=moment(20))
        settle(place.queue, claim(place.queue), JobStatus.PAUSED)
        expect(0, place.queue.wake_due(moment(19)))
        expect([1, 0], [place.queue.wake_due(moment(20)), place.queue.wake_due(moment(21))])
        woken = place.queue.job("job1")
        expect((JobStatus.QUEUED, "", 1), (woken.status, woken.due, woken.fence))
        expect(JobStatus.PAUSED, place.queue.job("job2").status)

    def test_many_jobs_wake_at_once(self, place: QueuePlace) -> None:
        """More than one page of an adapter may hold; the others stay as they are."""
        names = [f"job{number}" for number in range(250)]
        for job in names:
            submitted(place.queue, job)
            settle(place.queue, claim(place.queue), JobStatus.PAUSED, due=moment(3 if job < "job5" else 9))
        early = [job for job in names if job < "job5"]
        expect(len(early), place.queue.wake_due(moment(5)))
        expect({"queued": len(early), "paused": 250 - len(early)}, dict(place.queue.counts()))

    def test_a_paused_job_wakes_when_somebody_else_has_decided_for_its_run(self, place: QueuePlace) -> None:
        """Fewer requests wait, or the run went on: by whoever is no worker. A refused decision wakes nobody."""
        for changes, woken in (({"pending": 1}, 1), ({"status": "running"}, 1), ({"cycles": 2}, 1), ({}, 0)):
            job = f"job{len(list(_all(place.queue)))}"
            row = self._paused(place, job)
            standing = {"status": "paused", "pending": 2} | changes
            place.experience.append(commit_after(row, job, sample_events(row.seq + 1, 1), **standing))
            expect(AT_ONCE if woken else "", place.queue.job(job).due)
            expect(woken, place.queue.wake_due(moment(5)))
            expect(JobStatus.QUEUED if woken else JobStatus.PAUSED, place.queue.job(job).status)
            if woken:
                settle(place.queue, claim(place.queue), JobStatus.ENDED)

    def test_a_job_is_cancelled_wherever_it_stands(self, place: QueuePlace) -> None:
        """At once when it never ran, else by the worker that has it or gets it; one that is over can't be."""
        submitted(place.queue, "job1")
        fresh = place.queue.cancel("job1", moment(1))
        expect((JobStatus.CANCELLED, False), (fresh.status, fresh.cancel))
        submitted(place.queue, "job2")
        running = claim(place.queue)
        asked = place.queue.cancel("job2", moment(1))
        expect((JobStatus.RUNNING, True, running.lease), (asked.status, asked.cancel, asked.lease))
        paused = settle(place.queue, running, JobStatus.PAUSED, due=moment(30))
        expect(False, paused.cancel)
        again = place.queue.cancel("job2", moment(3))
        expect((JobStatus.QUEUED, True, ""), (again.status, again.cancel, again.due))
        expect(again, place.queue.cancel("job2", moment(3)))
        settle(place.queue, claim(place.queue, 4), JobStatus.CANCELLED)
        for job in ("job1", "job2"):
            expect_error(JobNotOpenError, lambda job=job: place.queue.cancel(job, moment(9)))  # type: ignore[misc]
        expect_error(JobNotFoundError, lambda: place.queue.cancel("job9", moment(9)))

    def test_a_cancelled_job_that_is_woken_is_not_cancelled_again(self, place: QueuePlace) -> None:
        """Whether it ever ran or not."""
        submitted(place.queue, "job1", "job2")
        settle(place.queue, claim(place.queue), JobStatus.PAUSED)
        place.queue.cancel("job1", moment(3))
        settle(place.queue, claim(place.queue), JobStatus.CANCELLED)
        place.queue.cancel("job2", moment(3))
        for job in ("job1", "job2"):
            woken = place.queue.wake(job, moment(4))
            expect((JobStatus.QUEUED, False), (woken.status, woken.cancel))

    def test_jobs_are_listed_the_newest_first_and_page_by_page(self, place: QueuePlace) -> None:
        """By owner, truth and status, alone and together; `before` goes on where a page ended."""
        for number in range(6):
            owner, truth = ("mona", "ivo")[number % 2], ("one", "two")[number // 3]
            submitted(place.queue, f"job{number}", owner=owner, truth=truth)
        claim(place.queue)
        for wanted, numbers in (
            (JobFilter(), [5, 4, 3, 2, 1, 0]),
            (JobFilter(owner="ivo"), [5, 3, 1]),
            (JobFilter(truth="one"), [2, 1, 0]),
            (JobFilter(status=JobStatus.RUNNING), [0]),
            (JobFilter(owner="mona", truth="one", status=JobStatus.QUEUED), [2]),
            (JobFilter(owner="ivo", before="job3"), [1]),
            (JobFilter(before="job0"), []),
            (JobFilter(owner="nobody"), []),
        ):
            expect([f"job{number}" for number in numbers], [job.job for job in place.queue.jobs(wanted)])
        for limit, count in ((0, 0), (1, 1), (5, 5), (6, 6), (7, 6)):
            expect(count, len(list(place.queue.jobs(JobFilter(), limit))))
        expect_error(JobNotFoundError, lambda: list(place.queue.jobs(JobFilter(before="job9"))))

    def test_the_writes_of_the_worker_that_has_the_job_are_taken(self, place: QueuePlace) -> None:
        """Events and kept calls, from the first on."""
        submitted(place.queue, "job1")
        lease = claim(place.queue).lease
        commit = fenced(commit_after(None, "job1", sample_events(1, 2)), lease.fence)
        place.experience.append(commit)
        place.experience.append(commit)
        call = self._keep(place, lease.fence)
        expect(
            (list(commit.events), [call]), (list(place.experience.read("job1")), list(place.experience.calls("job1")))
        )

    def test_the_writes_of_a_worker_whose_lease_is_lost_are_refused(self, place: QueuePlace) -> None:
        """Claimed by another, settled, given back or of a run that is no job: nothing is written, nothing kept."""
        submitted(place.queue, "job1")
        old = claim(place.queue, 1, seconds=1).lease
        first = fenced(commit_after(None, "job1", sample_events(1, 1)), old.fence)
        place.experience.append(first)
        new = claim(place.queue, 5)
        self._expect_refused(place, first.row, old.fence)
        second = fenced(commit_after(first.row, "job1", sample_events(2, 1)), new.fence)
        place.experience.append(second)
        outdated = fenced(commit_after(first.row, "job1", sample_events(2, 1, "stale")), old.fence)
        expect_error(LeaseLostError, lambda: place.experience.append(outdated))
        settle(place.queue, new, JobStatus.QUEUED)
        self._expect_refused(place, second.row, new.fence)
        last = claim(place.queue, 6)
        settle(place.queue, last, JobStatus.PAUSED)
        self._expect_refused(place, second.row, last.fence)
        expect_error(
            LeaseLostError,
            lambda: place.experience.append(fenced(commit_after(None, "run1", sample_events(1, 1)), 1)),
        )
        expect_error(RunNotFoundError, lambda: place.experience.row("run1"))

    def test_whoever_is_no_worker_writes_only_while_no_worker_has_the_run(self, place: QueuePlace) -> None:
        """Before it is claimed, and once it has paused."""
        submitted(place.queue, "job1")
        first = commit_after(None, "job1", sample_events(1, 1))
        place.experience.append(first)
        job = claim(place.queue)
        second = commit_after(first.row, "job1", sample_events(2, 1))
        expect_error(RunBusyError, lambda: place.experience.append(second))
        expect_error(RunBusyError, lambda: self._keep(place, None))
        expect((first.row, []), (place.experience.row("job1"), list(place.experience.calls("job1"))))
        settle(place.queue, job, JobStatus.PAUSED)
        place.experience.append(second)
        self._keep(place, None)
        expect(second.row, place.experience.row("job1"))

    def test_a_command_drives_a_job_only_while_it_is_at_rest(self, place: QueuePlace) -> None:
        """Queued and running it is the service's."""
        submitted(place.queue, "job1")
        self._expect_busy(place)
        job = claim(place.queue)
        self._expect_busy(place)
        settle(place.queue, job, JobStatus.PAUSED)
        with place.experience.driving("job1"):
            pass
        place.queue.wake("job1", moment(3))
        self._expect_busy(place)
        settle(place.queue, claim(place.queue, 4), JobStatus.ENDED)
        with place.experience.driving("job1"):
            pass

    def test_a_run_that_a_command_drives_is_passed_over(self, place: QueuePlace) -> None:
        """Woken meanwhile, it is claimed as soon as the command lets go; others are claimed at once."""
        submitted(place.queue, "job1", "job2")
        settle(place.queue, claim(place.queue), JobStatus.PAUSED)
        with place.experience.driving("job1"):
            place.queue.wake("job1", moment(3))
            expect("job2", claim(place.queue, 4).job)
            expect(None, place.queue.claim("w1", moment(4), moment(9)))
        expect("job1", claim(place.queue, 4).job)

    def test_threads_that_race_for_jobs_get_each_exactly_once(self, place: QueuePlace) -> None:
        """Eight workers, forty jobs, submitted while they claim."""
        claimed: list[str] = []
        all_in = threading.Event()

        def work(worker: str) -> None:
            while True:
                last_look = all_in.is_set()
                job = place.queue.claim(worker, moment(1), moment(59))
                if job is not None:
                    claimed.append(job.job)
                    place.queue.settle(job.lease, Settled(JobStatus.ENDED), moment(2))
                elif last_look:
                    return

        threads = [threading.Thread(target=work, args=(f"w{number}",)) for number in range(8)]
        for thread in threads:
            thread.start()
        names = [f"job{number}" for number in range(40)]
        submitted(place.queue, *names)
        all_in.set()
        for thread in threads:
            thread.join()
        expect(sorted(names), sorted(claimed))
        expect({JobStatus.ENDED: 40}, dict(place.queue.counts()))

    def test_threads_that_submit_with_one_key_get_one_job(self, place: QueuePlace) -> None:
        """Whoever comes first."""
        got: list[str] = []
        threads = [
            threading.Thread(target=lambda job=f"job{n}": got.append(submitted(place.queue, job, key="k")[0].job))
            for n in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        expect((8, 1, 1), (len(got), len(set(got)), len(list(_all(place.queue)))))

    def _paused(self, place: QueuePlace, job: str) -> RunRow:
        """A job whose run waits for two decisions."""
        submitted(place.queue, job)
        taken = claim(place.queue)
        commit = commit_after(None, job, sample_events(1, 1), status="paused", pending=2)
        place.experience.append(fenced(commit, taken.fence))
        settle(place.queue, taken, JobStatus.PAUSED)
        return commit.row

    def _keep(self, place: QueuePlace, fence: int | None) -> KeptCall:
        call = KeptCall("asker", 0, digest_bytes(b"q"), 0, digest_bytes(b"a"))
        place.experience.put_call("job1", call, b"q", b"a", fence)
        return call

    def _expect_refused(self, place: QueuePlace, row: RunRow, fence: int) -> None:
        commit = fenced(commit_after(row, "job1", sample_events(row.seq + 1, 1, "stale")), fence)
        expect_error(LeaseLostError, lambda: place.experience.append(commit))
        expect_error(LeaseLostError, lambda: self._keep(place, fence))
        expect((row, []), (place.experience.row("job1"), list(place.experience.calls("job1"))))

    def _expect_lost(self, queue: JobQueue, lease: Lease) -> None:
        expect_error(LeaseLostError, lambda: queue.renew(lease, moment(59)))
        for status in JobStatus:
            expect_error(LeaseLostError, lambda status=status: queue.settle(lease, Settled(status), moment(9)))  # type: ignore[misc]

    def _expect_busy(self, place: QueuePlace) -> None:
        expect_error(RunBusyError, lambda: place.experience.driving("job1").__enter__())


def _all(queue: JobQueue) -> list[QueuedJob]:
    return list(queue.jobs(JobFilter(), MANY))
