"""Errors: one root with a stable code, a hint and a place. An error means that the caller or the program erred.

How a run ended is never an error: that is a `StopReason` (law 4).
"""

from collections.abc import Iterable
from difflib import get_close_matches


class ConvergeError(Exception):
    """Root of every error that Converge raises on purpose.

    Attributes:
        code: stable, upper snake case; its meaning never changes.
        hint: the next thing to do, or None.
        where: file, file:line:column or name of the thing at fault, or None.
    """

    code = "CONVERGE_ERROR"

    def __init__(self, message: str, *, hint: str | None = None, where: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.where = where


def did_you_mean(word: str, choices: Iterable[str]) -> str | None:
    """The nearest of the choices as a question, or None when nothing is near."""
    near = get_close_matches(word, list(choices), n=1, cutoff=0.6)
    return f"did you mean {near[0]}?" if near else None


def only_near(word: str, choices: Iterable[str]) -> str | None:
    """The one choice that can have been meant: near, and no other as near; None when a person has to decide."""
    near = get_close_matches(word, list(choices), n=2, cutoff=0.75)
    return near[0] if len(near) == 1 else None


class MalformedSelectorError(ConvergeError):
    """A reads, writes or query selector is not `Key` or `Key:id-glob`."""

    code = "SELECTOR_MALFORMED"


class MalformedKindError(ConvergeError):
    """A fact model has a field that others could change, or that has no canonical form."""

    code = "KIND_MALFORMED"


class CallForbiddenError(ConvergeError):
    """A suggestor made an external call where none may be made: in `accepts`."""

    code = "CALL_FORBIDDEN"

    def __init__(self, suggestor: str) -> None:
        super().__init__(
            f"suggestor {suggestor} made an external call outside execute",
            hint="await view.call(...) in execute; accepts decides on the view alone",
            where=suggestor,
        )


class UndeclaredReadError(ConvergeError):
    """A suggestor asked its view for facts that neither its reads nor its writes select."""

    code = "READ_UNDECLARED"

    def __init__(self, suggestor: str, selector: str, declared: Iterable[str]) -> None:
        super().__init__(
            f"suggestor {suggestor} asked for {selector}, which it does not declare",
            hint=f"add {selector} to its reads; declared: {', '.join(declared) or 'nothing'}",
            where=suggestor,
        )


class ClosedViewError(ConvergeError):
    """A view was used after the execution that it was made for had ended."""

    code = "VIEW_CLOSED"

    def __init__(self, suggestor: str) -> None:
        super().__init__(
            f"suggestor {suggestor} used a view after its execution had ended",
            hint="read everything inside execute(); each execution gets a fresh view",
            where=suggestor,
        )


class InvalidJobError(ConvergeError):
    """Suggestors, kinds and job given to an engine do not fit together."""

    code = "JOB_INVALID"


class RunNotFoundError(ConvergeError):
    """No run with that id is in the store."""

    code = "RUN_NOT_FOUND"

    def __init__(self, run: str, near: Iterable[str] = ()) -> None:
        super().__init__(f"no run {run} here", hint=did_you_mean(run, near) or "converge runs lists them", where=run)


class RunNotResumableError(ConvergeError):
    """The run has ended for good, or began with another job."""

    code = "RUN_NOT_RESUMABLE"


class RunBusyError(ConvergeError):
    """The run is being driven already; it can be gone on with when it pauses."""

    code = "RUN_BUSY"


class ConcurrentAppendError(ConvergeError):
    """Another writer appended to the run first; what this one knew is out of date."""

    code = "CONCURRENT_APPEND"


class RecordCorruptError(ConvergeError):
    """What the store holds does not hash to what was recorded, or can't be read."""

    code = "RECORD_CORRUPT"

    def __init__(self, message: str, *, hint: str | None = None, where: str | None = None) -> None:
        super().__init__(message, hint=hint or "restore the store from a backup", where=where)
