"""Checks that an installation works: each check really does what it is about."""

import sys
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from converge_cli import __version__
from converge_cli.app.record.recorded_run import events_of, readable
from converge_cli.app.services import Services
from converge_cli.core.errors import ConvergeError
from converge_cli.truth.catalog import list_truths, project_of

_MOST_RUNS = 1000
_SECONDS = 2.0
_LIBRARIES = ("cedarpy", "gherkin-official", "msgspec", "pyyaml", "regex", "rich", "typer")


@dataclass(frozen=True, slots=True)
class Check:
    """One check: what was looked at, whether it is well, what was found or what to do."""

    name: str
    ok: bool
    detail: str


def examine(services: Services, policy_self_test: Callable[[], Iterable[str]]) -> list[Check]:
    """Every check, whatever the others found."""
    return [
        Check("python", sys.version_info >= (3, 11), ".".join(map(str, sys.version_info[:3]))),
        Check("converge", True, __version__),
        _libraries(),
        _guarded("store", lambda: _store(services)),
        _guarded("runs", lambda: _runs(services)),
        _guarded("policy", lambda: _policy(policy_self_test)),
        _guarded("truths", lambda: _truths(services)),
        _guarded("packs", lambda: _packs(services)),
    ]


def _guarded(name: str, look: Callable[[], tuple[bool, str]]) -> Check:
    try:
        ok, detail = look()
    except ConvergeError as error:
        return Check(name, False, f"{error.message}; {error.hint or ''}".rstrip("; "))
    return Check(name, ok, detail)


def _libraries() -> Check:
    found, missing = [], []
    for name in _LIBRARIES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            missing.append(name)
    detail = ", ".join(found) if not missing else f"missing: {', '.join(missing)}; install converge-cli again"
    return Check("libraries", not missing, detail)


def _store(services: Services) -> tuple[bool, str]:
    """Write something, make it durable and read it back."""
    digest = services.experience.put_blob(b"converge doctor")
    return services.experience.get_blob(digest) == b"converge doctor", "writes, syncs and reads back"


def _runs(services: Services) -> tuple[bool, str]:
    """Hash the newest runs again, for about as long as somebody likes to wait."""
    began, looked = services.clock.monotonic(), 0
    rows, index = readable(services.experience.rows(limit=_MOST_RUNS))
    damaged = [] if index is None else [index.message]
    for row in rows:
        if services.clock.monotonic() - began > _SECONDS:
            break
        try:
            deque(events_of(services, row.run), maxlen=0)
        except ConvergeError as error:
            damaged.append(error.message)
        looked += 1
    which = "all" if looked == len(rows) < _MOST_RUNS else "the newest"
    told = f"{which} {looked} hash to their heads" if looked else "none are recorded here"
    return not damaged, "; ".join(damaged) or told


def _policy(self_test: Callable[[], Iterable[str]]) -> tuple[bool, str]:
    problems = list(self_test())
    return not problems, "; ".join(problems) or "Cedar answers as documented"


def _truths(services: Services) -> tuple[bool, str]:
    keys = [truth.key for truth in list_truths(services.folder, services.shipped)]
    return bool(keys), ", ".join(keys) or "none found; the installation is incomplete"


def _packs(services: Services) -> tuple[bool, str]:
    registry = services.packs(project_of(services.folder))
    loaded, broken = [], []
    for name in registry.names():
        try:
            registry.find(name)
            loaded.append(name)
        except ConvergeError as error:
            broken.append(f"{name}: {error.message}")
    return not broken, "; ".join(broken) or ", ".join(loaded)
