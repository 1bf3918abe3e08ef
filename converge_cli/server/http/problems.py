"""Errors as problem+json (RFC 9457), as they are answered over HTTP. Never tells a path of the machine."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from converge_cli.core.errors import ConvergeError
from converge_cli.server.error_status import RETRY_SECONDS, status_of
from converge_cli.server.told_error import told_error

PROBLEM = "application/problem+json"


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
