"""Routes: submit, list, see, decide, cancel and resume jobs."""

from typing import Annotated

from fastapi import APIRouter, Header, Path, Query
from starlette.responses import Response

from converge_cli.app.jobs.decide_job import DecisionRequest
from converge_cli.app.jobs.find_job import find_job, list_jobs
from converge_cli.app.jobs.job_data import job_data, job_line
from converge_cli.app.jobs.submission import ResumeRequest, Submission
from converge_cli.app.result_data import decision_data
from converge_cli.core.job_queue import JobFilter, JobStatus
from converge_cli.server.http import answers
from converge_cli.server.http.bodies import parse_body
from converge_cli.server.http.door import JobId, Reply, TheBody, TheCaller, TheDoor
from converge_cli.server.http.openapi import ACCEPTED, OK, answering, taking
from converge_cli.server.request_words import IDEMPOTENCY_KEY, trace_of
from converge_cli.server.telemetry.trace_context import traceparent_of

router = APIRouter(prefix="/api/v1", tags=["jobs"], default_response_class=Reply)

KEY = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        description="A second submission with the same key and content is the first one.",
        pattern=f"^{IDEMPOTENCY_KEY.pattern}$",
    ),
]


@router.post(
    "/jobs",
    operation_id="submitJob",
    summary="Submit a job",
    status_code=202,
    openapi_extra=taking(
        Submission,
        by_its_key={"truth": "vendor-selection"},
        with_more={
            "truth": "vendor-selection",
            "inputs": {
                "vendors": {
                    "name": "vendors.csv",
                    "text": "id,name,price,compliant\nacme,Acme Industrial AB,15000.00,true\n",
                }
            },
            "budget": {"cycles": 20, "time": "60"},
            "strict": True,
        },
    ),
    responses=answering(answers.JobLine, 404, 409, 413, 415, status=ACCEPTED),
)
def submit(
    door: TheDoor,
    caller: TheCaller,
    body: TheBody,
    idempotency_key: KEY = None,
    traceparent: Annotated[str, Header(description="W3C trace context of the caller.")] = "",
) -> Response:
    """Check all that can be wrong, queue the job durably, and answer with where it can be followed."""
    given = parse_body(body, Submission)
    seen = door.service.submit(caller, given, key=idempotency_key or "", trace=trace_of(traceparent))
    headers = {"Location": f"/api/v1/jobs/{seen.job.job}", "traceparent": traceparent_of(seen.job)}
    return door.reply(job_line(seen), ACCEPTED, **headers)


@router.get(
    "/jobs",
    operation_id="listJobs",
    summary="List jobs",
    responses=answering(answers.JobPage, 404),
)
def jobs(
    door: TheDoor,
    caller: TheCaller,
    truth: Annotated[str | None, Query(description="Only jobs of this truth.", max_length=200)] = None,
    status: Annotated[JobStatus | None, Query(description="Only jobs that stand so.")] = None,
    before: Annotated[str | None, Query(description="Only jobs submitted before this one.", max_length=64)] = None,
    limit: Annotated[int, Query(description="At most so many.", ge=1, le=200)] = 50,
) -> Response:
    """One's own jobs, the newest first; every job for whoever may see all. `next` is the `before` of the next page."""
    wanted = JobFilter(truth=truth, status=status, before=before)
    lines = [job_line(seen) for seen in list_jobs(door.service.setting, caller, wanted, limit)]
    return door.reply({"jobs": lines, "next": lines[-1]["job_id"] if len(lines) == limit else None})


@router.get("/jobs/{job}", operation_id="getJob", summary="See a job", responses=answering(answers.JobData, 404, 409))
def job(door: TheDoor, caller: TheCaller, job: JobId) -> Response:
    """Where it stands, and everything that its run has come to so far."""
    return door.reply(job_data(door.service.setting, find_job(door.service.setting, caller, job)))


@router.post(
    "/jobs/{job}/approvals/{request}",
    operation_id="decideRequest",
    summary="Approve or reject what waits",
    openapi_extra=taking(
        DecisionRequest,
        approve={"decision": "approved", "reason": "three bids compared"},
        reject={"decision": "rejected", "reason": "over this year's budget"},
    ),
    responses=answering(answers.DecisionData, 404, 409, 413, 415, status=OK),
)
def decide(
    door: TheDoor,
    caller: TheCaller,
    body: TheBody,
    job: JobId,
    request: Annotated[str, Path(description="A request's id, an approval point, or a fact's id.", max_length=1200)],
) -> Response:
    """Decide as the person of the credential, by the same rules as at a terminal.

    A decision that was refused is recorded, and told in `refusals`; then `decisions` is empty.
    """
    given = parse_body(body, DecisionRequest)
    return door.reply(decision_data(door.service.decide(caller, job, request, given)))


@router.post(
    "/jobs/{job}/cancel",
    operation_id="cancelJob",
    summary="Stop a job between two cycles",
    status_code=202,
    responses=answering(answers.JobLine, 404, 409, status=ACCEPTED),
)
def cancel(door: TheDoor, caller: TheCaller, job: JobId) -> Response:
    """What was recorded stays, and the job can be resumed."""
    return door.reply(job_line(door.service.cancel(caller, job)), ACCEPTED)


@router.post(
    "/jobs/{job}/resume",
    operation_id="resumeJob",
    summary="Go on with a job at rest",
    status_code=202,
    openapi_extra=taking(ResumeRequest, required=False, more_budget={"add_budget": {"cycles": 50}}),
    responses=answering(answers.JobLine, 404, 409, 413, 415, status=ACCEPTED),
)
def resume(door: TheDoor, caller: TheCaller, body: TheBody, job: JobId) -> Response:
    """With more budget, with inputs that were missing, or as it is."""
    return door.reply(job_line(door.service.resume(caller, job, parse_body(body, ResumeRequest))), ACCEPTED)
