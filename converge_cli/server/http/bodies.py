"""Bodies of requests: read within limits, looked at before they are parsed, then read as what they must be."""

import re
from typing import Any, TypeVar

import msgspec
from starlette.requests import Request

from converge_cli.core.errors import ConvergeError
from converge_cli.server.body_limits import check_depth
from converge_cli.server.repeated_names import check_names
from converge_cli.server.request_errors import RequestInvalidError, RequestMalformedError

_PLACE = re.compile(r" - at `(?P<place>[^`]*)`$")

T = TypeVar("T")


class BodyTooLargeError(ConvergeError):
    """A body is larger than this server takes."""

    code = "BODY_TOO_LARGE"

    def __init__(self, most: int) -> None:
        super().__init__(f"the body has more than {most} bytes", hint="send less, or several", where="body")


class MediaTypeUnknownError(ConvergeError):
    """A body is not said to be JSON."""

    code = "MEDIA_TYPE_UNKNOWN"

    def __init__(self) -> None:
        super().__init__("the body must be JSON", hint="Content-Type: application/json", where="Content-Type")


async def read_body(request: Request, most: int) -> bytes:
    """The bytes of a request's body.

    Raises:
        BodyTooLargeError: as soon as it is; the rest is not read.
        MediaTypeUnknownError: there is one, and it is not said to be JSON. So no form of a web page can send it.
    """
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > most:
        raise BodyTooLargeError(most)
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > most:
            raise BodyTooLargeError(most)
        parts.append(part)
    if size and request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise MediaTypeUnknownError
    return b"".join(parts)


def parse_body(data: bytes, model: type[T]) -> T:
    """The value of a body; an empty one is an empty object.

    Raises:
        RequestMalformedError: it is no JSON, is nested too deeply, or has a name twice in one object.
        RequestInvalidError: it is not what is asked for; names the place.
    """
    check_depth(data)
    try:
        value = msgspec.json.decode(data or b"{}", type=model)
    except msgspec.ValidationError as error:
        told, place = _split(str(error))
        raise RequestInvalidError(told, hint="GET /api-docs/openapi.json says what is taken", where=place) from None
    except (msgspec.DecodeError, RecursionError, UnicodeError) as error:
        raise RequestMalformedError(f"the body is no JSON: {_plain(error)}", where="body") from None
    check_names(data)
    return value


def _split(told: str) -> tuple[str, str]:
    found = _PLACE.search(told)
    return (told[: found.start()], found["place"]) if found else (told, "$")


def _plain(error: Any) -> str:
    return "not UTF-8" if isinstance(error, UnicodeError) else str(error)[:200]
