"""Routes for whoever runs the server: is it alive, can it work, what does it count, what does it serve."""

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from converge_cli._internal.canonical_json import decode
from converge_cli.app.jobs.caller import Role
from converge_cli.app.templates.submission_schema import submission_schemas
from converge_cli.server.http import answers
from converge_cli.server.http.door import Reply, TheCaller, TheDoor
from converge_cli.server.http.front import HEALTHY
from converge_cli.server.http.openapi import OK, PATH, answering, document, problems_of, reference
from converge_cli.server.http.problems import RouteNotFoundError

router = APIRouter(tags=["server"], default_response_class=Reply)

_NOBODY: dict[str, list[dict[str, list[str]]]] = {"security": []}
_METRICS: dict[int | str, Any] = {OK: {"content": {"text/plain": {"schema": {"type": "string"}}}}}
_DOCUMENT: dict[int | str, Any] = {OK: {"content": {"application/json": {"schema": {"type": "object"}}}}}


@router.get(
    "/health",
    operation_id="getHealth",
    summary="Whether the process answers",
    openapi_extra=_NOBODY,
    responses=answering(answers.Alive, secured=False),
)
async def health(door: TheDoor) -> Response:
    """No credential is needed."""
    return door.reply(decode(HEALTHY))


@router.get(
    "/ready",
    operation_id="getReadiness",
    summary="Whether work can be done",
    openapi_extra=_NOBODY,
    responses={
        **answering(answers.Ready, secured=False),
        503: {
            "description": "Something is wrong; the checks name what.",
            "content": {"application/json": {"schema": reference(answers.Ready)}},
        },
    },
)
def ready(door: TheDoor) -> Response:
    """Really writes and syncs, asks the queue, counts workers, loads packs, tests policy. No credential is needed."""
    service = door.service
    checks = service.readiness.checks()
    if service.stopping.is_set():
        checks.append(service.readiness.stopping())
    well = all(check.ok for check in checks)
    data = {"status": "ready" if well else "not ready", "checks": [check._asdict() for check in checks]}
    return door.reply(data, 200 if well else 503)


@router.get(
    "/metrics",
    operation_id="getMetrics",
    summary="What is counted, for Prometheus",
    response_class=PlainTextResponse,
    responses={**_METRICS, **problems_of(400, 401, 403, 404, 422, 429, 500)},
)
def metrics(door: TheDoor, caller: TheCaller) -> Response:
    """For whoever may see every job."""
    caller.require(Role.READ, "see the metrics")
    if door.metrics is None:
        raise RouteNotFoundError
    return Response(door.metrics(), media_type="text/plain; version=0.0.4; charset=utf-8")


@router.get(
    PATH,
    operation_id="getOpenApi",
    summary="This document",
    openapi_extra=_NOBODY,
    responses={**_DOCUMENT, **problems_of(400, 403, 422, 500)},
)
def openapi(door: TheDoor, request: Request) -> Response:
    """With a schema `Submission.NAME` for each template that is served now. No credential is needed."""
    made, services = document(request.app), door.service.setting.services
    forms = {} if services.shelf is None else submission_schemas(services.shelf)
    known = made["components"]
    schemas = {**known["schemas"], **{f"Submission.{name}": schema for name, schema in forms.items()}}
    return door.reply({**made, "components": {**known, "schemas": schemas}})
