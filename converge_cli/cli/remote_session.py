"""One job at a server, followed at a terminal: shows it, cancels it on Ctrl-C, asks people when it pauses.

Drives nothing: whatever happens here, the job goes on at the server, and can be followed from anywhere.
"""

import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from converge_cli.app.decide_approval import GivenApproval
from converge_cli.app.record.recorded_run import events_of
from converge_cli.cli.display import Display, Ended
from converge_cli.cli.local_zone import local_zone
from converge_cli.cli.output import Answer, interrupted
from converge_cli.cli.place import Place
from converge_cli.cli.remote_job import people_of, result_in, unheeded
from converge_cli.cli.session import wait_for
from converge_cli.client.errors import ServerError, ServerUnreachableError
from converge_cli.core.errors import ConvergeError
from converge_cli.core.event import decode_event
from converge_cli.core.stop_reason import StopReason
from converge_cli.engine.decision import Decided

if TYPE_CHECKING:
    from converge_cli.cli.desk import RemoteDesk
    from converge_cli.client import Client, Job
    from converge_cli.core.approval import ApprovalRequest
    from converge_cli.core.person import Person

T = TypeVar("T")


class _Paused(NamedTuple):
    """What the prompt is told of a job that waits."""

    run_id: str
    truth: str
    pending: "Sequence[ApprovalRequest]"
    people: "Sequence[Person]"


class RemoteSession:
    """Follows jobs for one command.

    Args:
        place: the server.
        display: what shows the run.
        interactive: whether people at this terminal may be asked.
    """

    def __init__(self, place: Place, display: Display, *, interactive: bool) -> None:
        assert place.client is not None  # noqa: S101  chosen by the command
        self._client: Client = place.client
        self._place = place
        self._display = display
        self._interactive = interactive
        self._run = ""

    def answer(self, command: str, begin: Callable[[], str], given: Sequence[GivenApproval] = ()) -> Answer:
        """Have a job driven to its next stop, and put what came of it into an answer.

        Args:
            command: as it is called.
            begin: submits a job, or has one gone on with; returns its id.
            given: approvals that were sent along.

        Raises:
            ConvergeError: it could not be begun, or the server is away; then the job goes on without us.
        """
        with self._display:
            job = self._heard(lambda: self._rested(begin()))
            while self._interactive and _asks_people(job) and self._ask(job):
                job = self._heard(lambda: self._rested(self._run))
        ended = self._ended(job, given)
        answer = self._display.answer(command, ended)
        if not self._display.as_json and self._display.trace != "jsonl":
            self._place.say_where()
        self._client.close()
        return answer

    def show_so_far(self, run: str) -> None:
        """Let the display know what the run has come to, so that its trace goes on from there."""
        self._run = run
        seen = self._place.services.experience.row(run)
        if seen.seq > self._display.state.seq:
            self._display.catch_up(list(events_of(self._place.services, run, self._display.state.seq)))

    def _rested(self, run: str) -> "Job":
        """Show what happens until the job has come to a stop; returns it as it is then."""
        self._run = run
        while True:
            try:
                for told in self._client.stream(run, after=self._display.state.seq, until="pause"):
                    if told.is_recorded:
                        self._display.events(run, [decode_event(told.raw)])
                job = self._client.job(run)
            except ServerUnreachableError as error:
                raise self._left_behind(error) from None
            if not job.is_under_way:
                return job

    def _ended(self, job: "Job", given: Sequence[GivenApproval]) -> Ended:
        """How it came to a stop.

        Raises:
            ConvergeError: it never began, or could not be gone on with.
        """
        if job.error is not None:
            raise ServerError(job.error)
        data = result_in(job)
        if job.exit_code is None:  # cancelled before its first cycle
            raise interrupted(job.run_id)
        waits = data["stop"]["reason"] == StopReason.HUMAN_INTERVENTION_REQUIRED
        refused: list[Decided] = unheeded(job.run_id, given, self._display.state) if waits else []
        if refused:
            from converge_cli.app.result_data import refusal_data  # noqa: PLC0415  rare

            data = {**data, "refusals": [*data["refusals"], *map(refusal_data, refused)]}
        people = people_of(self._place.services, job.run_id) if waits else ()
        return Ended(job.outcome, job.exit_code, data, job.head, people, refused)

    def _ask(self, job: "Job") -> bool:
        from converge_cli.cli.prompt import Prompt  # noqa: PLC0415  only when somebody is asked

        self._display.pause()
        people = people_of(self._place.services, job.run_id)
        paused = _Paused(job.run_id, job.truth, tuple(self._display.state.pending.values()), people)
        decided = Prompt(self._desk(people), self._display, local_zone()).ask(paused)
        if decided:
            self._display.resume()
        return decided

    def _desk(self, people: "Sequence[Person]") -> "RemoteDesk":
        from converge_cli.cli.desk import RemoteDesk  # noqa: PLC0415  only when somebody is asked

        return RemoteDesk(self._place.services, self._client, people)

    def _heard(self, work: Callable[[], T]) -> T:
        """Do it on a thread of its own, so that Ctrl-C is heard while the server says nothing."""
        box: list[T | BaseException] = []
        done = threading.Event()

        def kept() -> None:
            try:
                box.append(work())
            except BaseException as error:  # noqa: BLE001  handed to the main thread, which raises it
                box.append(error)
            finally:
                done.set()

        threading.Thread(target=kept, name="converge-follow", daemon=True).start()
        wait_for(done, self._display, self._cancel)
        outcome = box[0]
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    def _cancel(self) -> bool:
        if not self._run:
            return False
        try:
            self._client.cancel(self._run)
        except ConvergeError as error:  # it has ended meanwhile, is another's, or the server is away
            self._display.say(f"the server did not stop it: {error.message}")
        return True

    def _left_behind(self, error: ServerUnreachableError) -> ConvergeError:
        told = ConvergeError(
            f"{error.message}; what was submitted is kept there: run {self._run} goes on without this terminal",
            hint=f"converge show {self._run} --server {self._client.url}",
            where=self._client.url,
        )
        told.code = error.code
        return told


def _asks_people(job: "Job") -> bool:
    return job.outcome == StopReason.HUMAN_INTERVENTION_REQUIRED and job.pending > 0
