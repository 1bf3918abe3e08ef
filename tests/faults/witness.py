"""Counts what suggestors really do, in a file that outlives the process: one synced line for each execution."""

import os
from dataclasses import fields
from pathlib import Path
from typing import Any

from converge_cli.app.services import Services
from converge_cli.core.pack import Factory, Pack
from converge_cli.core.suggestor import Suggestor

FILE = "FAULT_EFFECTS"
"""Name of the environment variable that names the file."""


class WitnessedServices(Services):
    """Services whose packs leave a line wherever one of their suggestors is executed."""

    @classmethod
    def of(cls, services: Services) -> "WitnessedServices":
        """These services, witnessed."""
        return cls(**{item.name: getattr(services, item.name) for item in fields(Services)})

    def packs(self, project: Path | None) -> Any:
        """See `Services.packs`."""
        return _Witnessed(Services.packs(self, project))


class _Witnessed:
    """A source of packs that are witnessed."""

    def __init__(self, source: Any) -> None:
        self._source = source

    def __getattr__(self, name: str) -> Any:
        return getattr(self._source, name)

    def find(self, name: str) -> Pack | None:
        """The pack of a name, or None."""
        pack: Pack | None = self._source.find(name)
        if pack is not None:
            pack.factories = tuple(map(_witnessed, pack.factories))
        return pack


def _witnessed(factory: Factory) -> Factory:
    if getattr(factory, "is_witnessed", False):
        return factory

    def make(parameters: Any) -> list[Suggestor]:
        made = factory(parameters)
        items = [made] if isinstance(made, Suggestor) else list(made)
        for item in items:
            item.execute = _counted(item.name, item.execute)  # type: ignore[method-assign]
        return items

    make.is_witnessed = True  # type: ignore[attr-defined]
    return make


def _counted(name: str, execute: Any) -> Any:
    def counted(view: Any) -> Any:
        leave(name)
        return execute(view)

    return counted


def leave(name: str) -> None:
    """Leave a line of this process, durably."""
    file = os.open(os.environ[FILE], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.write(file, f"{os.getpid()} {name}\n".encode())
    os.fsync(file)
    os.close(file)


def left(file: Path) -> list[tuple[int, str]]:
    """(process, suggestor) of every line, in order."""
    if not file.exists():
        return []
    return [(int(process), name) for process, name in (line.split() for line in file.read_text().splitlines())]
