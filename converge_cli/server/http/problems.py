"""Errors as problem+json (RFC 9457), with one table from error codes to statuses. Never tells a path of the machine."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from converge_cli.core.errors import ConvergeError
from converge_cli.server.told_error import told_error

PROBLEM = "application/problem+json"

STATUS = {
    "REQUEST_MALFORMED": 400,
    "CREDENTIAL_IN_QUERY": 400,
    "UNAUTHORIZED": 401,
    "FORBIDDEN": 403,
    "ORIGIN_FORBIDDEN": 403,
    "BLOB_NOT_FOUND": 404,
    "FACT_NOT_FOUND": 404,
    "JOB_NOT_FOUND": 404,
    "PACK_NOT_FOUND": 404,
    "REQUEST_UNKNOWN": 404,
    "ROUTE_NOT_FOUND": 404,
    "RUN_NOT_FOUND": 404,
    "TARGET_UNKNOWN": 404,
    "TRUTH_NOT_FOUND": 404,
    "METHOD_NOT_ALLOWED": 405,
    "CONCURRENT_APPEND": 409,
    "IDEMPOTENCY_CONFLICT": 409,
    "JOB_NOT_OPEN": 409,
    "LEASE_LOST": 409,
    "PACKS_CHANGED": 409,
    "RECEIPT_REFUSED": 409,
    "REQUEST_AMBIGUOUS": 409,
    "RUN_BUSY": 409,
    "RUN_NOT_BEGUN": 409,
    "RUN_NOT_RESUMABLE": 409,
    "BODY_TOO_LARGE": 413,
    "MEDIA_TYPE_UNKNOWN": 415,
    "TOO_MANY_REQUESTS": 429,
    "INTERNAL": 500,
    "RECORD_CORRUPT": 500,
    "QUEUE_FULL": 503,
    "STOPPING": 503,
    "STORE_UNAVAILABLE": 503,
    "STUCK": 503,
    "UNAVAILABLE": 503,
}
"""Error code -> status; whatever is not here was given in a way that can't be done: 422."""

RETRY_SECONDS = {
    "CONCURRENT_APPEND": 1,
    "QUEUE_FULL": 2,
    "RUN_BUSY": 1,
    "RUN_NOT_BEGUN": 1,
    "STOPPING": 5,
    "STORE_UNAVAILABLE": 5,
    "TOO_MANY_REQUESTS": 1,
}
"""Error code -> seconds after which to try again."""


class RequestMalformedError(ConvergeError):
    """A request is not what the API takes, before anybody looks at what it means."""

    code = "REQUEST_MALFORMED"


class RequestInvalidError(ConvergeError):
    """A request has the right form and a value that can't be."""

    code = "REQUEST_INVALID"


class RouteNotFoundError(ConvergeError):
    """Nothing is served there."""

    code = "ROUTE_NOT_FOUND"

    def __init__(self) -> None:
        super().__init__("nothing is served here", hint="GET /api-docs/openapi.json lists what is")


class MethodNotAllowedError(ConvergeError):
    """Something is served there, by another method."""

    code = "METHOD_NOT_ALLOWED"

    def __init__(self, allowed: str) -> None:
        super().__init__("this method is not served here", hint=f"what is: {allowed}")


class InternalError(ConvergeError):
    """A bug of ours: what it was is told to whoever runs the server, and not to callers."""

    code = "INTERNAL"

    def __init__(self) -> None:
        super().__init__("the server failed at this request", hint="the server's log says more")


def status_of(error: ConvergeError) -> int:
    """The status that an error is answered with."""
    return STATUS.get(error.code, HTTPStatus.UNPROCESSABLE_ENTITY)


def problem_of(error: ConvergeError, instance: str, status: int | None = None) -> dict[str, Any]:
    """The document of an error.

    Args:
        instance: path of the request.
        status: of what only HTTP has to say; without it, that of the error.
    """
    data, status = told_error(error), status or status_of(error)
    problem = {
        "type": f"urn:converge:error:{error.code.lower().replace('_', '-')}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": error.code,
        "detail": data["message"],
        "hint": data["hint"],
        "where": data["where"],
        "instance": instance,
    }
    return problem | {name: data[name] for name in ("findings", "divergence") if name in data}


def headers_of(error: ConvergeError) -> Mapping[str, str]:
    """What is said in headers beside it."""
    headers = {}
    if error.code in RETRY_SECONDS:
        headers["Retry-After"] = str(RETRY_SECONDS[error.code])
    if error.code == "UNAUTHORIZED":
        headers["WWW-Authenticate"] = 'Bearer realm="converge"'
    return headers
