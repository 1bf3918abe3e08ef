"""What every door of one server shares: the service behind it, who calls, what each may take, what nobody is told.

Must know no transport.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from converge_cli._internal.canonical_json import encode
from converge_cli.app.jobs.caller import Caller
from converge_cli.core.errors import ConvergeError
from converge_cli.server.body_limits import MOST_BYTES
from converge_cli.server.following import Following
from converge_cli.server.limits import Limits, Share
from converge_cli.server.service import Service

CallerOf = Callable[[str, str], Caller]
"""Who calls, by the text of the Authorization header ("" for none) and the address that it comes from; raises an
error with the code UNAUTHORIZED."""

_SHARE = Share()


@dataclass(frozen=True, slots=True)
class Door:
    """What every door of one server shares.

    Attributes:
        service: what it opens on.
        caller_of: who calls.
        hide: takes the paths of the machine out of an answer.
        following: the readers of runs.
        limits: what each caller may take.
        metrics: what is counted, as Prometheus reads it; None where nothing is.
        most_bytes: of a body.
        ways: what credentials are taken; none where nobody is asked who they are.
    """

    service: Service
    caller_of: CallerOf
    hide: Callable[[bytes], bytes]
    following: Following
    limits: Limits
    metrics: Callable[[], bytes] | None
    most_bytes: int
    ways: tuple[str, ...]

    def known(self, authorization: str, address: str) -> Caller:
        """Who calls, counted; whoever is nobody is counted by the address.

        Raises:
            ConvergeError: with the code UNAUTHORIZED; or the credential can't be looked up.
            TooManyRequestsError: there were too many of late.
        """
        try:
            caller = self.caller_of(authorization, address)
        except ConvergeError as error:
            if error.code == "UNAUTHORIZED":
                self.limits.count_refused(address)
            raise
        self.limits.count(caller.person)
        return caller


def make_door(
    service: Service,
    caller_of: CallerOf,
    *,
    share: Share = _SHARE,
    metrics: Callable[[], bytes] | None = None,
    most_bytes: int = MOST_BYTES,
    ways: tuple[str, ...] = (),
) -> Door:
    """A door on a service; see `Door`."""
    services = service.setting.services
    templates = () if services.shelf is None else services.shelf.folders
    hide = _hider((services.folder, services.shipped, *templates))
    limits = Limits(share, services.clock.monotonic)
    return Door(service, caller_of, hide, Following(service), limits, metrics, most_bytes, ways)


def _hider(folders: Iterable[Path]) -> Callable[[bytes], bytes]:
    """Leaves of paths below some folders what stands behind those: what a caller may know of them."""
    names = {str(path) for folder in folders for path in (folder, folder.resolve()) if len(path.parts) > 1}
    beginnings = [encode(f"{name}/")[1:-1] for name in sorted(names, key=len, reverse=True)]

    def hide(data: bytes) -> bytes:
        for beginning in beginnings:
            data = data.replace(beginning, b"")
        return data

    return hide
