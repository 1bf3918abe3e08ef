"""A client of one server: each method is one thing that the server does, with the words of the command line."""

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, Self
from urllib.parse import quote

import msgspec

from converge_cli._internal.canonical_json import decode
from converge_cli._internal.system import random_token
from converge_cli.client.answers import Job, StreamEvent
from converge_cli.client.errors import ServerAnswerError
from converge_cli.client.follow import Following, Until
from converge_cli.client.inputs import InputValue, given_inputs
from converge_cli.client.transport import Answer, Transport

TIMEOUT_SECONDS = 30.0
PATIENCE_SECONDS = 30.0
SILENCE_SECONDS = 40.0
"""In which there are several heartbeats of a stream."""

_ROOT = "/api/v1"
_PAGE = 200
_EVENTS = 1000


class Client:
    """A connection to one server; several threads may use it. A context manager.

    Every method raises ServerError for what the server refuses, with the code, message, hint and place that the same
    error has locally, and ServerUnreachableError when there is no answer.

    Args:
        url: `https://HOST[:PORT]`, or `http://` for this machine.
        key: API key or token; never written anywhere.
        timeout: seconds that are waited for a connection, and for each part of an answer.
        patience: seconds for which a stream that was cut tries to go on before it gives up.
        silence: seconds without even a heartbeat after which a stream counts as cut.
        plain_http: send the key unprotected to another machine all the same.

    Raises:
        ServerAddressError: the address is none, or the key would be sent where others could read it.
    """

    def __init__(
        self,
        url: str,
        key: str | None = None,
        *,
        timeout: float = TIMEOUT_SECONDS,
        patience: float = PATIENCE_SECONDS,
        silence: float = SILENCE_SECONDS,
        plain_http: bool = False,
    ) -> None:
        self._transport = Transport(url, key, timeout, silence=silence, plain_http=plain_http)
        self._patience = patience

    @property
    def url(self) -> str:
        """The server's address."""
        return self._transport.address.url

    def __repr__(self) -> str:
        return f"Client({self.url!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the connection."""
        self._transport.close()

    def submit(
        self,
        truth: str,
        *,
        inputs: Mapping[str, InputValue] | None = None,
        parameters: Mapping[str, Mapping[str, Any]] | None = None,
        seeds: Sequence[str] = (),
        budget: Mapping[str, Any] | None = None,
        approvals: Sequence[Mapping[str, str]] = (),
        principal: str | None = None,
        strict: bool = False,
        key: str | None = None,
        trace: str | None = None,
    ) -> Job:
        """Submit a job; it is durable once this returns.

        Args:
            truth: key of a truth that the server has.
            inputs: name -> file, folder or rows of this machine, instead of those beside the truth.
            parameters: pack -> values, nested or with dotted names.
            seeds: `Key:id=content`, facts to begin with.
            budget: limit -> number; `time` in seconds.
            approvals: decisions given along: `point`, and where wanted `fact`, `by`, `reason`.
            principal: person id for whom gates are asked, instead of the truth's.
            strict: soft violations, unexercised invariants and deferred clauses count.
            key: idempotency key; a fresh one unless given, so that a submission is never done twice by being sent
                twice.
            trace: W3C traceparent of the caller, to whose trace the job is to belong.

        Raises:
            InputFileError: a file can't be read.
        """
        wish: dict[str, Any] = {
            "truth": truth,
            "inputs": given_inputs(inputs or {}, "input"),
            "parameters": parameters or {},
            "seeds": list(seeds),
            "budget": budget,
            "approvals": list(approvals),
            "principal": principal,
            "strict": strict,
        }
        body = msgspec.to_builtins({name: value for name, value in wish.items() if value})
        return self._job("POST", "/jobs", json=body, key=key or random_token(), trace=trace)

    def job(self, job: str) -> Job:
        """A job with everything that its run has come to so far."""
        return self._job("GET", _path(job))

    def jobs(self, *, truth: str | None = None, status: str | None = None, limit: int | None = None) -> Iterator[Job]:
        """The jobs that one may see, the newest first, page by page; without `result`.

        Args:
            truth: only those of this truth.
            status: only those that stand so.
            limit: at most so many.
        """
        before, left = None, limit
        while left is None or left > 0:
            size = _PAGE if left is None else min(left, _PAGE)
            page = self._data("GET", "/jobs", {"truth": truth, "status": status, "before": before, "limit": size})
            found = self._read(page["jobs"], list[Job])
            yield from found
            before = page["next"]
            if before is None:
                return
            left = None if left is None else left - len(found)

    def wait(self, job: str, *, until: Until = "pause", timeout: float | None = None) -> Job:
        """Wait until a job has ended, or waits for people; returns it with its result.

        Args:
            until: `stop` to wait also while people are asked.
            timeout: seconds; None for as long as it takes.

        Raises:
            TimeoutError: it has not come so far in that time; it goes on.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            seen = self.job(job)
            if seen.is_over or (until == "pause" and not seen.is_under_way):
                return seen
            for _ in self._following(job, seen.seq, until, deadline).events():
                pass

    def stream(self, job: str, *, after: int = 0, until: Until = "stop") -> Iterator[StreamEvent]:
        """Follow a job: its events from one after `after` on, as they come, each once and in order.

        A stream that is cut goes on where it was. The last event is `end`; `paused` tells each time that people are
        waited for, with `until="pause"` it is the `end`.

        Raises:
            ServerUnreachableError: the server was away for longer than the patience; the job goes on there.
        """
        yield from self._following(job, after, until).events()

    def decide(
        self,
        job: str,
        target: str,
        decision: Literal["approved", "rejected"],
        reason: str,
        *,
        by: str | None = None,
        everything: bool = False,
        signed: tuple[str, str] | None = None,
    ) -> dict[str, Any]:
        """Approve or reject what waits; the job then goes on by itself.

        Args:
            job: its id.
            target: request id, point, or fact id.
            decision: yes or no.
            reason: why; it is recorded.
            by: person id; the key's person unless given.
            everything: of a point with several pending requests, decide all of them.
            signed: UTC time and base64 of the person's signature, for people who have a key.

        Returns:
            `decisions` that counted, `refusals` that are recorded and did not, how many are still `pending`.
        """
        wish: dict[str, Any] = {"decision": decision, "reason": reason, "by": by}
        wish["everything"] = everything or None
        if signed is not None:
            wish["decided_at"], wish["signature"] = signed
        body = {name: value for name, value in wish.items() if value is not None}
        answer: dict[str, Any] = self._data("POST", f"{_path(job)}/approvals/{_name(target)}", json=body)
        return answer

    def approve(self, job: str, target: str, reason: str, **more: Any) -> dict[str, Any]:
        """Approve what waits; see `decide`."""
        return self.decide(job, target, "approved", reason, **more)

    def reject(self, job: str, target: str, reason: str, **more: Any) -> dict[str, Any]:
        """Reject what waits; see `decide`."""
        return self.decide(job, target, "rejected", reason, **more)

    def cancel(self, job: str) -> Job:
        """Stop a job between two cycles; it can be resumed."""
        return self._job("POST", f"{_path(job)}/cancel")

    def resume(
        self,
        job: str,
        *,
        inputs: Mapping[str, InputValue] | None = None,
        add_budget: Mapping[str, Any] | None = None,
        accept_changes: bool = False,
    ) -> Job:
        """Have a job at rest gone on with.

        Args:
            job: its id.
            inputs: those that were missing.
            add_budget: limit -> how much more; `time` in seconds.
            accept_changes: go on although a pack or its policy is no longer as it was.
        """
        body: dict[str, Any] = {"inputs": given_inputs(inputs or {}, "input"), "accept_changes": accept_changes}
        if add_budget:
            body["add_budget"] = msgspec.to_builtins(dict(add_budget))
        return self._job("POST", f"{_path(job)}/resume", json=body)

    def events(self, job: str, after: int = 0) -> Iterator[bytes]:
        """The recorded events above a sequence, as they were hashed: a canonical JSON document each."""
        while True:
            answer = self._ask("GET", f"{_path(job)}/events", {"after": after, "limit": _EVENTS, "format": "jsonl"})
            lines = answer.body.splitlines()
            yield from lines
            after += len(lines)
            if len(lines) < _EVENTS:
                return

    def explain(self, job: str, target: str | None = None) -> dict[str, Any]:
        """Why a job came to what it did; or one fact, criterion or gate of it."""
        answer: dict[str, Any] = self._data("GET", f"{_path(job)}/explain", {"target": target})
        return answer

    def fact(self, job: str, fact: str) -> dict[str, Any]:
        """One fact, with where it came from."""
        answer: dict[str, Any] = self._data("GET", f"{_path(job)}/facts/{_name(fact)}")
        return answer

    def receipt(self, job: str) -> bytes:
        """The file that proves the run, signed by nobody; `converge verify FILE --head HEAD` checks it."""
        return self._ask("GET", f"{_path(job)}/receipt").body

    def blob(self, job: str, digest: str) -> bytes:
        """Bytes that the events of a job name by their SHA-256."""
        return self._ask("GET", f"{_path(job)}/blobs/{_name(digest)}").body

    def inbox(self, *, person: str | None = None, role: str | None = None) -> dict[str, Any]:
        """What waits for people across all jobs, the most urgent first: `waiting`, `ready`, `unreadable`."""
        answer: dict[str, Any] = self._data("GET", "/inbox", {"person": person, "role": role})
        return answer

    def truths(self) -> list[dict[str, Any]]:
        """What can be submitted."""
        return self._listed("/truths", "truths")

    def truth(self, name: str) -> dict[str, Any]:
        """One truth: its job, clauses and what keeps each, inputs, approvals, budget."""
        answer: dict[str, Any] = self._data("GET", f"/truths/{_name(name)}")
        return answer

    def templates(self) -> list[dict[str, Any]]:
        """What is deployed, with what each needs."""
        return self._listed("/templates", "templates")

    def template(self, name: str) -> dict[str, Any]:
        """One template."""
        answer: dict[str, Any] = self._data("GET", f"/templates/{_name(name)}")
        return answer

    def packs(self) -> list[dict[str, Any]]:
        """The packs that the server has."""
        return self._listed("/packs", "packs")

    def pack(self, name: str) -> dict[str, Any]:
        """One pack: kinds, suggestors, parameters, steps, gates."""
        answer: dict[str, Any] = self._data("GET", f"/packs/{_name(name)}")
        return answer

    def validate(self, wish: Mapping[str, Any]) -> dict[str, Any]:
        """Check texts against what the server has: every finding, with its place and its fix.

        Args:
            wish: `{"feature": TEXT}` or `{"truth": TEXT}`, as the server's OpenAPI says.
        """
        answer: dict[str, Any] = self._data("POST", "/validate", json=dict(wish), key=random_token())
        return answer

    def _following(self, job: str, after: int, until: Until, deadline: float | None = None) -> Following:
        path = f"{_ROOT}{_path(job)}/stream"
        return Following(self._transport, path, after, until, patience=self._patience, deadline=deadline)

    def _ask(self, method: str, path: str, params: Mapping[str, Any] | None = None, **more: Any) -> Answer:
        return self._transport.send(method, f"{_ROOT}{path}", params=params, **more)

    def _data(self, method: str, path: str, params: Mapping[str, Any] | None = None, **more: Any) -> Any:
        answer = self._ask(method, path, params, **more)
        try:
            return decode(answer.body)
        except msgspec.MsgspecError:
            raise ServerAnswerError(self.url, answer.status, answer.body) from None

    def _job(self, method: str, path: str, **more: Any) -> Job:
        job: Job = self._read(self._data(method, path, **more), Job)
        return job

    def _read(self, data: Any, form: Any) -> Any:
        try:
            return msgspec.convert(data, form)
        except msgspec.MsgspecError:
            raise ServerAnswerError(self.url, 200, msgspec.json.encode(data)) from None

    def _listed(self, path: str, name: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._data("GET", path)[name]
        return found


def _path(job: str) -> str:
    return f"/jobs/{_name(job)}"


def _name(text: str) -> str:
    """A name as one part of a path."""
    return quote(text, safe="")
