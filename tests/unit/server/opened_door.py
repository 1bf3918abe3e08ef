"""The door on a service over a store in a test's folder, as the servers of these tests open it."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from converge_cli.app.jobs.caller import LOCAL, Caller
from converge_cli.bootstrap import make_service, policy_self_test
from converge_cli.server.door import Door, make_door
from converge_cli.server.limits import Share
from converge_cli.server.service import Service
from converge_cli.server.telemetry.observer import Observer
from converge_cli.settings import load_settings

CONTENT = Path(__file__).parents[3]


def opened_door(
    folder: Path,
    *,
    content: Path = CONTENT,
    caller_of: Callable[[str, str], Caller] = lambda *_: LOCAL,
    share: Share | None = None,
    most_queued: int = 10_000,
    workers: int = 2,
    most_bytes: int = 1_000_000,
    self_test: Callable[[], list[str]] = policy_self_test,
    note: Callable[[str], None] = lambda _: None,
    metrics: Callable[[], bytes] | None = None,
    observer: Observer | None = None,
) -> Door:
    """Nothing is started; `content` is whose truths are served."""
    settings = replace(load_settings(content, {}), storage_path=folder / "store")
    setting = make_service(content, settings=settings, appending=(observer or Observer()).appending)
    setting = replace(setting, most_queued=most_queued)
    service = Service(setting, "test", workers=workers, self_test=self_test, note=note, observer=observer)
    return make_door(service, caller_of, share=share or Share(), metrics=metrics, most_bytes=most_bytes)
