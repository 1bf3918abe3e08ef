"""The log of a server on stderr: one line for each thing that happens, as text or JSON, by the standard `logging`.

Must never write a credential, the content of a fact or what an error quotes of an input; every value is made safe, so
that nobody forges a line. A stderr that nobody reads holds nothing up: then lines are dropped, and counted.
"""

import json
import logging
import os
import queue
import threading
from datetime import UTC, datetime
from typing import Any, NamedTuple

from converge_cli._internal.canonical_json import decode
from converge_cli.core.errors import ConvergeError
from converge_cli.core.job_queue import JobStatus, QueuedJob
from converge_cli.server.telemetry.observer import Decision, Named, Observer
from converge_cli.server.telemetry.repeats import Over, Pace, Repeats
from converge_cli.server.telemetry.trace_context import trace_id_of
from converge_cli.settings import LogSettings
from converge_cli.trace.sanitize import safe

_MOST_WAITING = 10_000
_MOST_TEXT = 2000
_LAST_SECONDS = 1.0
_STDERR = 2
_PACE = Pace()
_OF_STORES = frozenset({"CONCURRENT_APPEND", "LEASE_LOST", "QUEUE_FULL", "RUN_BUSY", "STORE_UNAVAILABLE"})
"""Errors whose words are ours alone, and hold nothing of what was given."""


class Log(Observer):
    """Writes a line for each thing that happens."""

    def __init__(self, settings: LogSettings, descriptor: int = _STDERR, pace: Pace = _PACE) -> None:
        """Nothing is written yet.

        Args:
            settings: how, and what.
            descriptor: of the file that is written to.
            pace: how often a trouble that goes on is told.
        """
        self._troubles = Repeats(self._trouble_over, pace)
        # Not by `getLogger`: two servers of one process, as in tests, have a log each.
        self._logger = logging.Logger("converge.serve", settings.level.upper())
        self._writer = None if settings.form == "off" else _Writer(descriptor)
        if self._writer is None:
            self._logger.disabled = True
            return
        self._writer.setFormatter(JsonFormatter() if settings.form == "json" else TextFormatter())
        self._logger.addHandler(self._writer)

    def tell(self, what: str, level: int = logging.INFO, /, **fields: Any) -> None:
        """Write a line; fields without a value are left out."""
        kept = {name: value for name, value in fields.items() if value not in {None, ""}}
        self._logger.log(level, "%s", what, extra={"fields": kept})

    def note(self, line: str) -> None:
        """What somebody has to say in words."""
        self.tell("note", logging.WARNING, message=line)

    def submitted(self, job: QueuedJob, caller: str) -> None:
        """See `Observer`."""
        self.tell("submitted", **_about(job), caller=caller)

    def refused(self, doing: str, caller: str, error: ConvergeError, named: Named) -> None:
        """See `Observer`."""
        about = {"run_id": named.run, "trace_id": named.trace_id}
        self.tell("refused", logging.WARNING, **about, doing=doing, caller=caller, code=error.code)

    def cancelled(self, job: QueuedJob, caller: str) -> None:
        """See `Observer`."""
        self.tell("cancelled", **_about(job), caller=caller)

    def resumed(self, job: QueuedJob, caller: str) -> None:
        """See `Observer`."""
        self.tell("resumed", **_about(job), caller=caller)

    def decided(self, job: QueuedJob, caller: str, decision: Decision) -> None:
        """See `Observer`."""
        refused = ",".join(decision.refused)
        self.tell("decided", **_about(job), caller=caller, decision=decision.decision, refused=refused)

    def claimed(self, job: QueuedJob) -> None:
        """See `Observer`."""
        self.tell("claimed", **_about(job), worker=job.worker, fence=job.fence)

    def settled(self, job: QueuedJob) -> None:
        """See `Observer`."""
        failed = job.status is JobStatus.FAILED
        code = decode(job.error)["code"] if job.error else None
        level = logging.ERROR if failed else logging.INFO
        self.tell("settled", level, **_about(job), status=job.status.value, code=code)

    def troubled(self, job: str, error: ConvergeError) -> None:
        """See `Observer`."""
        what = "lease lost" if error.code == "LEASE_LOST" else "error"
        told = str(getattr(error, "why", error.message)) if error.code in _OF_STORES else None
        kind = error.message.partition(":")[0] if error.message.startswith("unexpected ") else None
        trouble = _Trouble(what, job, error.code, told or kind)
        again = self._troubles.count(trouble)
        if again is not None:
            self.tell(what, logging.ERROR, **trouble.fields(), again=again or None)

    def _trouble_over(self, over: Over) -> None:
        about = over.what.fields()
        self.tell("over", logging.WARNING, **about, count=over.times, seconds=round(over.seconds, 1))

    def answered(self, method: str, route: str, status: int, seconds: float, run: str) -> None:
        """See `Observer`."""
        ms = round(seconds * 1000, 2)
        self.tell("answered", logging.DEBUG, run_id=run, method=method, route=route, status=status, ms=ms)

    def close(self) -> None:
        """Write what still waits, for a moment."""
        self._troubles.close()
        if self._writer is not None:
            self._writer.close()


class _Trouble(NamedTuple):
    """What makes troubles the same."""

    what: str
    run: str
    code: str
    message: str | None

    def fields(self) -> dict[str, Any]:
        return {"run_id": self.run, "code": self.code, "message": self.message}


class JsonFormatter(logging.Formatter):
    """One JSON object a line, ASCII alone."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        fields = {name: _value(value) for name, value in _fields(record).items()}
        line = {"at": _at(record), "level": record.levelname.lower(), "event": record.getMessage(), **fields}
        return json.dumps(line, separators=(",", ":"))


class TextFormatter(logging.Formatter):
    """Time, level, what happened, then name=value."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        words = [_at(record), record.levelname.lower(), record.getMessage().replace(" ", "-")]
        return " ".join([*words, *(f"{name}={_word(value)}" for name, value in _fields(record).items())])


class _Writer(logging.Handler):
    """Writes in a thread of its own, and drops what the reader of stderr is too slow for."""

    def __init__(self, descriptor: int) -> None:
        super().__init__()
        self._descriptor = descriptor
        self._waiting: queue.Queue[str | None] = queue.Queue(_MOST_WAITING)
        self._dropped = 0
        self._thread = threading.Thread(target=self._write_all, name="converge-log", daemon=True)
        self._thread.start()

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._waiting.put_nowait(self.format(record))
        except queue.Full:
            self._dropped += 1

    def close(self) -> None:
        try:
            self._waiting.put_nowait(None)
        except queue.Full:
            return
        self._thread.join(_LAST_SECONDS)
        super().close()

    def _write_all(self) -> None:
        while (line := self._waiting.get()) is not None:
            dropped, self._dropped = self._dropped, 0
            if dropped:
                missing = logging.makeLogRecord({"msg": "lines dropped", "levelname": "WARNING"})
                missing.__dict__["fields"] = {"count": dropped}
                line = f"{self.format(missing)}\n{line}"
            data = f"{line}\n".encode()
            try:
                while data:
                    data = data[os.write(self._descriptor, data) :]
            except OSError:  # nobody can be told that nobody can be told
                return


def _about(job: QueuedJob) -> dict[str, str]:
    return {"run_id": job.job, "trace_id": trace_id_of(job), "truth": job.truth}


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    fields: dict[str, Any] = getattr(record, "fields", {})
    return fields


def _at(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _value(value: Any) -> Any:
    return safe(value, _MOST_TEXT) if isinstance(value, str) else value


def _word(value: Any) -> str:
    text = safe(str(value), _MOST_TEXT)
    return json.dumps(text, ensure_ascii=False) if any(mark in text for mark in ' "=') else text
