"""What a paused run asks of people, as it is kept beside its index entry: a look that does not grow with the run."""

import msgspec

from converge_cli.app.services import Services
from converge_cli.core.approval import OpenRequests
from converge_cli.core.errors import RecordCorruptError
from converge_cli.core.port import RunRow


def kept_requests(services: Services, row: RunRow) -> OpenRequests | None:
    """What was kept of a run; None where nothing was: it is not paused, or a version recorded it that kept nothing.

    Raises:
        RecordCorruptError: it can't be read.
    """
    if not row.waiting:
        return None
    try:
        return msgspec.json.decode(services.experience.get_blob(row.waiting), type=OpenRequests)
    except (RecordCorruptError, msgspec.MsgspecError) as error:
        raise RecordCorruptError(
            f"what run {row.run} asks of people can't be read: {error}",
            hint=f"converge show {row.run} reads it from the record itself",
            where=f"{row.run}: {row.waiting[:12]}",
        ) from error
