"""What can go wrong between a client and a server, and a server's own errors as they are raised locally."""

from collections.abc import Mapping
from typing import Any

import msgspec

from converge_cli.core.errors import ConvergeError
from converge_cli.truth.diagnostics import Diagnostic

_SHOWN = 200
"""Characters of an answer that is none, to tell what answered."""


class ServerAddressError(ConvergeError):
    """A server's address, or the key for it, is none that anything would be sent to."""

    code = "SERVER_ADDRESS_INVALID"


class ServerUnreachableError(ConvergeError):
    """The server could not be reached, or left in the middle of an answer.

    Attributes:
        sent: whether the request may have been heard: what it asked for may have been done.
    """

    code = "SERVER_UNREACHABLE"

    def __init__(self, url: str, why: str, *, sent: bool = False) -> None:
        hint = "look whether it was done before you try again" if sent else "does it run there? converge serve"
        super().__init__(f"no answer from {url}: {why}", hint=hint, where=url)
        self.sent = sent


class ServerAnswerError(ConvergeError):
    """Something answers at the address, and it is no server of Converge, or not of this version."""

    code = "SERVER_ANSWER_INVALID"

    def __init__(self, url: str, status: int, body: bytes) -> None:
        told = " ".join(body[:_SHOWN].decode("utf-8", "replace").split())
        super().__init__(
            f"{url} answered {status} with what is no answer of Converge: {told or 'nothing'}",
            hint="is it the address of converge serve?",
            where=url,
        )
        self.status = status


class ServerError(ConvergeError):
    """An error that a server answered with: its code, message, hint and place are those of the same error here.

    Attributes:
        status: of HTTP; 0 for one that was told within a stream or of a job.
        diagnostics: the findings of a truth that does not compile; None for every other error.
        divergence: where a replay went another way; None for every other error.
    """

    def __init__(self, told: Mapping[str, Any], status: int = 0) -> None:
        """From an error's data, or a problem document."""
        message = told.get("message", told.get("detail"))
        super().__init__(str(message), hint=told.get("hint"), where=told.get("where"))
        self.code = str(told["code"])
        self.status = status
        found = told.get("findings")
        self.diagnostics = None if found is None else msgspec.convert(found, tuple[Diagnostic, ...])
        self.divergence: Any = told.get("divergence")


def error_of(url: str, status: int, body: bytes) -> ConvergeError:
    """The error that an answer stands for."""
    try:
        told = msgspec.json.decode(body)
        if isinstance(told, dict) and "code" in told and "detail" in told:
            return ServerError(told, status)
    except (msgspec.MsgspecError, UnicodeError):
        pass  # not ours: a proxy's page, or another server
    return ServerAnswerError(url, status, body)
