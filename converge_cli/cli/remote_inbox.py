"""`inbox` at a server: what waits, as it is told there; what is asked is read from the record itself."""

from typing import Any

from converge_cli.app.inbox import Inbox, Waiting
from converge_cli.app.record.recorded_run import events_of
from converge_cli.cli.place import Place
from converge_cli.cli.remote_job import people_of
from converge_cli.client.errors import ServerError
from converge_cli.engine.request_book import requests_of


def inbox_at(place: Place, *, who: str | None, role: str | None) -> tuple[Inbox, dict[str, Any]]:
    """What waits for people at a server, also as data.

    Raises:
        ConvergeError: who calls may not see it, or the server can't be reached.
    """
    assert place.client is not None  # noqa: S101  chosen by the command
    data = place.client.inbox(person=who, role=role)
    runs = {run: _Run(place, run) for run in dict.fromkeys(item["run_id"] for item in data["waiting"])}
    waiting = tuple(waiting for item in data["waiting"] for waiting in runs[item["run_id"]].waiting(item["request"]))
    ready = tuple(place.services.experience.row(item["run_id"]) for item in data["ready"])
    return Inbox(waiting, ready, tuple(ServerError(item) for item in data["unreadable"])), data


class _Run:
    """One run that waits."""

    def __init__(self, place: Place, run: str) -> None:
        self._row = place.services.experience.row(run)
        self._asked = requests_of(events_of(place.services, run))
        self._people = people_of(place.services, run)

    def waiting(self, request: str) -> tuple[Waiting, ...]:
        """What waits under an id; nothing where it was decided while it was looked at."""
        asked = self._asked.get(request)
        if asked is None or asked.status != "pending":
            return ()
        return (Waiting(self._row, asked.request, asked.approvals, self._people),)
