"""Imports a pack's modules from a snapshot, under `converge_packs.<name>`, guarded by a watchdog.

Must never leave a half-loaded module behind, nor let two packs of one name share modules.
"""

import contextlib
import importlib
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from importlib.abc import ExecutionLoader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import decode_source, spec_from_loader
from types import ModuleType

from converge_cli._internal.process_exit import ProcessExitError
from converge_cli.core.pack import InvalidPackError
from converge_cli.core.pack_module import PARENT, second_name
from converge_cli.engine.watchdog import WatchdogTimeout, watched
from converge_cli.pack.snapshot import Snapshot

IMPORT_SECONDS = 10.0
"""Seconds that all modules of a pack together may take to import."""

_LOCK = threading.RLock()


class SlowPackError(InvalidPackError):
    """The import of a pack took too long."""


class SnapshotLoader(ExecutionLoader):
    """Loads one module from the bytes of a snapshot; `file` None is a package without an __init__.py."""

    def __init__(self, snapshot: Snapshot, file: str | None, *, package: bool) -> None:
        self._snapshot = snapshot
        self._file = file
        self._package = package

    def is_package(self, fullname: str) -> bool:  # noqa: ARG002  the loader is of one module
        """Whether it may hold modules."""
        return self._package

    def get_filename(self, fullname: str) -> str:  # noqa: ARG002  the loader is of one module
        """The path for tracebacks."""
        return self._snapshot.shown(self._file or "__init__.py")

    def get_source(self, fullname: str) -> str:  # noqa: ARG002  the loader is of one module
        """The source text."""
        return decode_source(self._snapshot.files[self._file]) if self._file else ""


class PackFinder(MetaPathFinder):
    """Finds the modules of registered snapshots, and nothing else."""

    def __init__(self) -> None:
        self.packages: dict[str, tuple[Snapshot, str]] = {}

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None = None,  # noqa: ARG002  names alone decide
        target: ModuleType | None = None,  # noqa: ARG002  nothing is reloaded
    ) -> ModuleSpec | None:
        """The module's spec, when it belongs to a registered pack."""
        parent, _, rest = fullname.partition(".")
        if parent != PARENT or not rest:
            return None
        pack, _, inner = rest.partition(".")
        known = self.packages.get(f"{PARENT}.{pack}")
        if known is None:
            return None
        snapshot, main = known
        if not inner:
            loader = SnapshotLoader(snapshot, main if main in snapshot.files else None, package=main == "__init__.py")
            return _from_snapshot(fullname, loader)
        path_of = inner.replace(".", "/")
        for file, package in ((f"{path_of}/__init__.py", True), (f"{path_of}.py", False)):
            if main == "__init__.py" and file in snapshot.files:
                return _from_snapshot(fullname, SnapshotLoader(snapshot, file, package=package))
        return None


def _from_snapshot(fullname: str, loader: SnapshotLoader) -> ModuleSpec | None:
    spec = spec_from_loader(fullname, loader)
    if spec is not None and spec.submodule_search_locations is not None:
        # No folder to search: Python's own finder would read the disk, or a stale .pyc, instead of what was hashed.
        spec.submodule_search_locations = []
    return spec


_FINDER = PackFinder()


class PackModules:
    """The imported modules of one pack."""

    def __init__(self, package: str, snapshot: Snapshot) -> None:
        self._package = package
        self._snapshot = snapshot

    def module(self, name: str = "") -> ModuleType:
        """The module of that name, or the pack's own; imported already."""
        return sys.modules[f"{self._package}.{name}" if name else self._package]


@contextlib.contextmanager
def importing(
    pack: str,
    snapshot: Snapshot,
    main: str,
    modules: Sequence[str],
    *,
    seconds: float = IMPORT_SECONDS,
    on_stuck: Callable[[str], None] | None = None,
) -> Iterator[PackModules]:
    """Import a pack's modules and keep them if the block succeeds, else take every trace of them out again.

    `main` is `__init__.py` for a folder and the file's name for a one-file pack; `modules` are those of the folder
    to import; `on_stuck` is called with the name of an import that can't even be interrupted.

    Raises:
        InvalidPackError: the import raised, exited or took too long; file and line say where.
    """
    with _LOCK:
        package = _package_name(pack, snapshot)
        _register(package, snapshot, main)
        try:
            names = [package, *(f"{package}.{name}" for name in modules)]
            _import_all(names, pack, snapshot, seconds=seconds, on_stuck=on_stuck)
            yield PackModules(package, snapshot)
        except BaseException:
            _forget(package)
            raise


def _package_name(pack: str, snapshot: Snapshot) -> str:
    """`converge_packs.<name>`; for another pack of the same name in this process, with its digest behind it."""
    name = f"{PARENT}.{pack}"
    if name not in _FINDER.packages:
        return name
    name = second_name(name, snapshot.digest)
    number = 2
    while (unique := name if number == 2 else f"{name}_{number}") in _FINDER.packages:
        number += 1
    return unique


def _register(package: str, snapshot: Snapshot, main: str) -> None:
    if PARENT not in sys.modules:
        parent = ModuleType(PARENT, "Parent of all loaded packs.")
        parent.__path__ = []
        sys.modules[PARENT] = parent
    if _FINDER not in sys.meta_path:
        sys.meta_path.append(_FINDER)
    _FINDER.packages[package] = (snapshot, main)


def _forget(package: str) -> None:
    _FINDER.packages.pop(package, None)
    for name in [name for name in sys.modules if name == package or name.startswith(f"{package}.")]:
        del sys.modules[name]
    parent = sys.modules.get(PARENT)
    if parent is not None:
        vars(parent).pop(package.rpartition(".")[2], None)


def _import_all(
    names: Sequence[str],
    pack: str,
    snapshot: Snapshot,
    *,
    seconds: float,
    on_stuck: Callable[[str], None] | None,
) -> None:
    try:
        # What a pack prints while it is imported must not get between the lines of --json.
        with contextlib.redirect_stdout(sys.stderr), watched(f"import of pack {pack}", seconds, on_stuck):
            for name in names:
                importlib.import_module(name)
    except KeyboardInterrupt:
        raise
    except WatchdogTimeout as error:
        raise SlowPackError(
            f"pack {pack} was still importing after {seconds:g} seconds",
            hint="a module only defines things; work belongs in execute()",
            where=_place(error, snapshot),
        ) from error
    except SystemExit as error:
        raise InvalidPackError(
            f"pack {pack} calls {_exit_called(error)} while it is imported",
            hint="a suggestor that can't work raises SuggestorUnavailableError",
            where=_place(error, snapshot),
        ) from error
    except BaseException as error:
        raise InvalidPackError(
            f"pack {pack} can't be imported: {type(error).__name__}: {error}", where=_place(error, snapshot)
        ) from error


def _exit_called(error: SystemExit) -> str:
    return error.name if isinstance(error, ProcessExitError) else "sys.exit"


def _place(error: BaseException, snapshot: Snapshot) -> str:
    """The innermost line of the pack that the error passed through."""
    if isinstance(error, SyntaxError) and error.filename and error.filename.startswith(str(snapshot.base)):
        return f"{error.filename}:{error.lineno or 1}"
    frames = traceback.extract_tb(error.__traceback__, limit=-500)
    ours = [frame for frame in frames if frame.filename in {snapshot.shown(name) for name in snapshot.files}]
    return f"{ours[-1].filename}:{ours[-1].lineno}" if ours else str(snapshot.base)
