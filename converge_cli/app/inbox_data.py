"""An inbox as data: what `--json` prints and every other door answers with."""

from typing import Any

from converge_cli.app.error_data import error_data
from converge_cli.app.inbox import Inbox
from converge_cli.app.result_data import request_data


def inbox_data(found: Inbox) -> dict[str, Any]:
    """What waits, what can go on, and what could not be looked into."""
    return {
        "waiting": [
            {
                "run_id": item.row.run,
                "truth": item.row.truth,
                **request_data(item.request, item.people),
                "approved_by": [approval.by for approval in item.given],
            }
            for item in found.waiting
        ],
        "ready": [{"run_id": row.run, "truth": row.truth} for row in found.ready],
        "unreadable": [error_data(error) for error in found.unreadable],
    }
