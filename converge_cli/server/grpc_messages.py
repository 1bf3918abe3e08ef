"""Jobs as messages of converge.v1, and requests as what the use cases take. Must never decide anything."""

import base64
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, TypeVar

import msgspec

from converge_cli._internal.canonical_json import encode
from converge_cli._internal.wire import converge_pb2 as wire
from converge_cli.app.jobs.decide_job import DecisionRequest
from converge_cli.app.jobs.submission import EarlyApproval, GivenInput, Submission
from converge_cli.core.approval import Decision
from converge_cli.core.budget import BudgetChange
from converge_cli.core.job_queue import JobStatus
from converge_cli.server.body_limits import check_depth
from converge_cli.server.following import NextEvent
from converge_cli.server.repeated_names import check_names
from converge_cli.server.request_errors import RequestInvalidError
from converge_cli.server.request_words import IDEMPOTENCY_KEY

STATUS = {status: getattr(wire, f"JOB_STATUS_{status.name}") for status in JobStatus}
"""Where a job stands -> its number on the wire."""
_STATUS_OF = {number: status for status, number in STATUS.items()}
_NUMBER = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,9})?")

T = TypeVar("T")


def submission_of(message: Any) -> Submission:
    """What a SubmitJobRequest asks for.

    Raises:
        RequestInvalidError: naming the field.
    """
    return Submission(
        truth=message.truth,
        template=message.template,
        inputs={name: _input(given, f"inputs.{name}") for name, given in message.inputs.items()},
        parameters=json_of(message.parameters or b"{}", dict[str, dict[str, Any]], "parameters"),
        seeds=tuple(message.seeds),
        budget=_budget(message.budget) if message.HasField("budget") else None,
        approvals=tuple(EarlyApproval(point=given.point, **_given(given)) for given in message.approvals),
        principal=message.principal if message.HasField("principal") else None,
        strict=message.strict,
    )


def key_of(message: Any) -> str:
    """The idempotency key of a SubmitJobRequest, "" for none.

    Raises:
        RequestInvalidError: it is none.
    """
    key = str(message.idempotency_key)
    if key and not IDEMPOTENCY_KEY.fullmatch(key):
        raise RequestInvalidError("a key has 1 to 255 printable ASCII characters", where="idempotency_key")
    return key


def decision_of(message: Any, decision: Decision) -> DecisionRequest:
    """What a DecisionRequest says."""
    return DecisionRequest(
        decision=decision,
        reason=message.reason,
        by=message.by if message.HasField("by") else None,
        everything=message.everything,
        decided_at=message.decided_at if message.HasField("decided_at") else None,
        signature=base64.b64encode(message.signature).decode() if message.signature else None,
    )


def status_of(number: int) -> JobStatus | None:
    """The status that a number of the wire means; None for any.

    Raises:
        RequestInvalidError: it means none.
    """
    if number and number not in _STATUS_OF:
        raise RequestInvalidError(f"{number} is no status", hint="see JobStatus in converge.proto", where="status")
    return _STATUS_OF.get(number)


def number_of(value: int, default: int, most: int, where: str) -> int:
    """A number that may be left out.

    Raises:
        RequestInvalidError: it is more than may be asked for.
    """
    if value > most:
        raise RequestInvalidError(f"{value} is more than {most}", hint=f"ask for 1 to {most}", where=where)
    return value or default


def json_of(data: bytes, model: type[T], where: str) -> T:
    """The value of a field that is JSON.

    Raises:
        RequestMalformedError: it is nested too deeply, or has a name twice in one object.
        RequestInvalidError: it is no JSON, or not what is asked for.
    """
    check_depth(data)
    try:
        value = msgspec.json.decode(data, type=model)
    except (msgspec.DecodeError, RecursionError, UnicodeError) as error:
        raise RequestInvalidError(f"{where}: {str(error)[:200]}", hint="see converge.proto", where=where) from None
    check_names(data, where)
    return value


def job_message(line: Mapping[str, Any]) -> Any:
    """A job's line, as every door answers it."""
    plain = {name: line[name] for name in _PLAIN}
    error = {} if line["error"] is None else {"error": error_message(line["error"])}
    return wire.Job(status=STATUS[JobStatus(line["status"])], **plain, **error)


def error_message(told: Mapping[str, Any]) -> Any:
    """An error, as every door tells it."""
    fields = {name: told.get(name) or "" for name in ("code", "message", "hint", "where")}
    return wire.Error(**fields, data=encode(told))


def decided_message(job: str, data: Mapping[str, Any]) -> Any:
    """What became of a decision, as every door answers it."""
    refusals = [
        wire.Decided.Refusal(
            request=item["request"], by=item["by"], code=item["code"] or "", detail=item["detail"] or ""
        )
        for item in data["refusals"]
    ]
    requests = [item["request"] for item in data["decisions"]]
    return wire.Decided(job_id=job, requests=requests, refusals=refusals, pending=data["pending"], data=encode(data))


def event_message(job: str, event: NextEvent) -> Any:
    """An event of a job."""
    return wire.Event(job_id=job, seq=event.seq, type=event.type, data=event.data)


_PLAIN = (
    "job_id", "run_id", "truth", "title", "owner", "outcome", "cycles", "facts", "pending", "seq", "head",
    "created_at", "updated_at",
)  # fmt: skip


def _given(message: Any) -> dict[str, str]:
    return {name: getattr(message, name) for name in ("fact", "by", "reason") if message.HasField(name)}


def _input(message: Any, where: str) -> GivenInput:
    kind = message.WhichOneof("given")
    if kind == "text":
        return GivenInput(name=message.name, text=message.text)
    if kind == "data":
        return GivenInput(name=message.name, base64=base64.b64encode(message.data).decode())
    if kind == "rows":
        return GivenInput(name=message.name, rows=json_of(message.rows, list[dict[str, Any]], f"{where}.rows"))
    if kind == "folder":
        files = {path: _input(given, f"{where}.{path}") for path, given in message.folder.files.items()}
        return GivenInput(name=message.name, files=files)
    raise RequestInvalidError(f"{where}: nothing is given", hint="give text, data, rows or folder", where=where)


def _budget(message: Any) -> BudgetChange:
    return BudgetChange(
        cycles=message.cycles,
        facts=message.facts,
        time=_decimal(message.time, "budget.time"),
        tokens=message.tokens,
        cost_usd=_decimal(message.cost_usd, "budget.cost_usd"),
    )


def _decimal(text: str, where: str) -> Decimal:
    if text and not _NUMBER.fullmatch(text):
        raise RequestInvalidError(f"{where}: {text[:40]!r} is no decimal number", hint="for example 2.5", where=where)
    return Decimal(text or 0)
