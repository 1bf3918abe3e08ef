"""Errors that any door answers a request with, whatever was asked for."""

from converge_cli.core.errors import ConvergeError


class RequestMalformedError(ConvergeError):
    """A request is not what the API takes, before anybody looks at what it means."""

    code = "REQUEST_MALFORMED"


class RequestInvalidError(ConvergeError):
    """A request has the right form and a value that can't be."""

    code = "REQUEST_INVALID"


class InternalError(ConvergeError):
    """A bug of ours: what it was is told to whoever runs the server, and not to callers."""

    code = "INTERNAL"

    def __init__(self) -> None:
        super().__init__("the server failed at this request", hint="the server's log says more")
