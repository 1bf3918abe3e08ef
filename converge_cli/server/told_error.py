"""What callers are told of an error, whatever the door. Must never tell a path of the machine."""

from typing import Any

from converge_cli.app.error_data import error_data
from converge_cli.core.errors import ConvergeError


def told_error(error: ConvergeError) -> dict[str, Any]:
    """An error as data: code, message, hint, where, and findings or a divergence where it has some."""
    data = error_data(error)
    # A store's own message names its folder, which is nobody's business.
    why = getattr(error, "why", None)
    if why is None:
        return data
    return {"code": error.code, "message": f"the store can't be used: {why}", "hint": None, "where": None}
