"""What may stand behind the question mark of an address: what the OpenAPI names, each once."""

from collections.abc import Sequence

from fastapi import Request
from starlette.concurrency import run_in_threadpool

from converge_cli.server.http.door import door_of, shown_by
from converge_cli.server.http.openapi import document
from converge_cli.server.request_errors import RequestInvalidError

TICKET = "ticket"
"""The parameter that stands for a credential."""
_MOST_TOLD = 80
_MOST = 100
"""Parameters that are looked at: among more of them one stands there twice, or is none."""


async def only_known(request: Request) -> None:
    """A dependency of every route.

    Raises:
        ConvergeError: who calls is nobody, where the route asks.
        RequestInvalidError: a parameter of the query is none of the route's, or stands there twice; names it, and those
            that there are.
    """
    given = [name for name, _ in request.query_params.multi_items()][:_MOST]
    if not given:
        return
    told = await run_in_threadpool(document, request.app)
    operation = told["paths"][request.scope["route"].path][request.method.lower()]
    known = sorted(item["name"] for item in operation.get("parameters", ()) if item["in"] == "query")
    error = _refused(given, known)
    if error is None:
        return
    # Who calls comes before what is wrong with the call; a ticket is not spent on a call that is refused.
    if operation.get("security", True) and not {TICKET}.intersection(given, known):
        await run_in_threadpool(door_of(request).known, *shown_by(request))
    raise error


def _refused(given: Sequence[str], known: Sequence[str]) -> RequestInvalidError | None:
    for place, name in enumerate(given):
        short = name[:_MOST_TOLD]
        if name not in known:
            hint = f"known: {', '.join(known) or 'none'}"
            return RequestInvalidError(f"no query parameter {short!r}", hint=hint, where=f"query.{short}")
        if name in given[:place]:
            told = f"query parameter {short!r} is given twice"
            return RequestInvalidError(told, hint="give it once", where=f"query.{short}")
    return None
