"""Requests whose time is up are rejected or handed to another role. Waiting holds no process: a touch fires timers."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from converge_cli._internal.later import later
from converge_cli.core.approval import ApprovalRequest
from converge_cli.core.event import TimerFired
from converge_cli.engine.event_log import EventLog
from converge_cli.engine.request_book import time_out
from converge_cli.engine.run import Asked


def overdue(requests: Mapping[str, Asked], now: str) -> list[Asked]:
    """The requests that nobody decided in time."""
    return [
        asked
        for asked in requests.values()
        if asked.status == "pending" and asked.request.until is not None and asked.request.until <= now
    ]


def fire_timers(requests: Mapping[str, Asked], log: EventLog) -> set[str]:
    """Record what becomes of every request whose time is up at the log's time; returns their ids."""
    late = overdue(requests, log.at)
    for asked in late:
        request = asked.request
        role = request.escalates_to if request.on_timeout == "escalate" else None
        action: Literal["reject", "escalate"] = "escalate" if role else "reject"
        until = later(log.at, _seconds_given(request)) if role else None
        log.add(TimerFired, request=request.id, action=action, role=role, until=until)
        time_out(asked, action, role, until)
    return {asked.request.id for asked in late}


def _seconds_given(request: ApprovalRequest) -> int:
    """How long the role that was asked first had; the one that it is handed to has as long, from the touch on."""
    until = datetime.fromisoformat(request.until or request.requested_at)
    return int((until - datetime.fromisoformat(request.requested_at)).total_seconds())
