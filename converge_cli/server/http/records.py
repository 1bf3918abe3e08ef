"""Routes: what the record of a job's run proves, and what waits for people."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from converge_cli._internal.canonical_json import encode
from converge_cli.app.inbox_data import inbox_data
from converge_cli.app.jobs.job_inbox import job_inbox
from converge_cli.app.jobs.job_record import explain_job, job_blob, job_events, job_fact, job_receipt
from converge_cli.server.http import answers
from converge_cli.server.http.door import JobId, Reply, TheCaller, TheDoor
from converge_cli.server.http.openapi import OK, answering, problems_of, reference

router = APIRouter(prefix="/api/v1", tags=["records"], default_response_class=Reply)

LINES = "application/x-ndjson"


def _giving(schemas: dict[str, Any]) -> dict[int | str, Any]:
    """What a route says of its answers that are no model alone: media type -> schema."""
    content = {media: {"schema": schema} for media, schema in schemas.items()}
    return {OK: {"content": content}, **problems_of(400, 401, 403, 404, 409, 422, 429, 500, 503)}


class Octets(Response):
    """Bytes that are no text."""

    media_type = "application/octet-stream"


@router.get(
    "/jobs/{job}/events",
    operation_id="listEvents",
    summary="The events of a job",
    responses=_giving({"application/json": reference(answers.EventPage), LINES: {"type": "string"}}),
)
def events(
    door: TheDoor,
    caller: TheCaller,
    job: JobId,
    after: Annotated[int, Query(description="Only events above this sequence.", ge=0, le=1 << 53)] = 0,
    limit: Annotated[int, Query(description="At most so many.", ge=1, le=1000)] = 1000,
    form: Annotated[
        Literal["json", "jsonl"], Query(alias="format", description="`jsonl`: the canonical bytes, a line an event.")
    ] = "json",
) -> Response:
    """What is hashed, byte for byte; `next_after` is the `after` of the next page, null on the last."""
    page = job_events(door.service.setting, caller, job, after, limit)
    if form == "jsonl":
        return Response(b"".join(data + b"\n" for data in page.events), media_type=LINES)
    return Reply(
        b'{"events":[%b],"last":%d,"next_after":%b}' % (b",".join(page.events), page.last, encode(page.next_after))
    )


@router.get(
    "/jobs/{job}/facts/{fact}",
    operation_id="getFact",
    summary="One fact of a job",
    responses=answering(answers.FactData, 404, 409),
)
def fact(
    door: TheDoor,
    caller: TheCaller,
    job: JobId,
    fact: Annotated[str, Path(description="The fact's id.", max_length=600)],
) -> Response:
    """Its content, and where it came from."""
    return door.reply(job_fact(door.service.setting, caller, job, fact))


@router.get(
    "/jobs/{job}/explain",
    operation_id="explainJob",
    summary="Why a job came to what it did",
    responses=answering(answers.Explanation, 404, 409),
)
def explain(
    door: TheDoor,
    caller: TheCaller,
    job: JobId,
    target: Annotated[str | None, Query(description="A fact, a criterion or a gate.", max_length=600)] = None,
) -> Response:
    """As `converge explain RUN [TARGET] --json`: of its verdict, or of one thing in it."""
    return door.reply(explain_job(door.service.setting, caller, job, target))


@router.get(
    "/jobs/{job}/receipt",
    operation_id="getReceipt",
    summary="The file that proves a job",
    responses=_giving({"application/json": {"type": "object"}}),
)
def receipt(door: TheDoor, caller: TheCaller, job: JobId) -> Response:
    """As `converge receipt RUN --unsigned` writes it; `converge verify FILE --head HEAD` checks it anywhere."""
    name = f'attachment; filename="{job}.receipt.json"' if job.isalnum() and job.isascii() else "attachment"
    return Reply(job_receipt(door.service.setting, caller, job), headers={"Content-Disposition": name})


@router.get(
    "/jobs/{job}/blobs/{digest}",
    operation_id="getBlob",
    summary="Bytes that a job's events name",
    response_class=Octets,
    responses=_giving({"application/octet-stream": {"type": "string", "format": "binary"}}),
)
def blob(
    door: TheDoor,
    caller: TheCaller,
    job: JobId,
    digest: Annotated[str, Path(description="Their SHA-256, in hex.", pattern="^[0-9a-f]{64}$")],
) -> Response:
    """The compiled job, its texts, packs, policies and people, and the answers of external calls."""
    data = job_blob(door.service.setting, caller, job, digest)
    return Octets(data)


@router.get(
    "/inbox",
    operation_id="getInbox",
    summary="What waits for people",
    responses=answering(answers.InboxData),
)
def inbox(
    door: TheDoor,
    caller: TheCaller,
    person: Annotated[str | None, Query(description="Only what this person may decide.", max_length=200)] = None,
    role: Annotated[str | None, Query(description="Only what this role decides.", max_length=200)] = None,
) -> Response:
    """Across all jobs, the most urgent first; the caller's own where it may not see every job."""
    return door.reply(inbox_data(job_inbox(door.service.setting, caller, who=person, role=role)))
