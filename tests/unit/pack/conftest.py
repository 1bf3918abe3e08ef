"""Fixtures: a small pack of two files on disk, to be bent by each test."""

from collections.abc import Callable
from pathlib import Path

import pytest

MANIFEST = """\
pack: v1
name: garden
version: 0.1.0
description: Waters beds
suggestors: [Waterer]
kinds:
  bed: Bed
parameters: GardenParameters
requires: {converge: ">=0.1"}
"""
FACTS = """\
from converge_cli import FactModel, Parameters


class Bed(FactModel):
    name: str
    litres: int = 0


class GardenParameters(Parameters):
    litres: int = 4
"""
SUGGESTORS = """\
from converge_cli import Effect, Suggestor

from .facts import Bed


class Waterer(Suggestor):
    name = "waterer"
    writes = ("Strategies:bed:*",)

    def __init__(self, parameters):
        self._litres = parameters.litres

    def execute(self, view):
        return Effect([view.propose("Strategies", "bed:rose", Bed(name="rose", litres=self._litres))])
"""
ONE_FILE = f"""\
{FACTS}

{SUGGESTORS.replace("from .facts import Bed", "")}

PACK = {{
    "pack": "v1",
    "name": "garden",
    "version": "0.1.0",
    "description": "Waters beds",
    "suggestors": ["Waterer"],
    "kinds": {{"bed": "Bed"}},
    "parameters": "GardenParameters",
}}
"""


@pytest.fixture
def write_pack(tmp_path: Path) -> Callable[..., Path]:
    """Writes the folder of the pack, with files replaced or added; `None` leaves one out."""

    def write(root: str = "packs", name: str = "garden", **changes: str | None) -> Path:
        folder = tmp_path / root / name
        folder.mkdir(parents=True, exist_ok=True)
        files: dict[str, str | None] = {"pack_yaml": MANIFEST, "facts_py": FACTS, "suggestors_py": SUGGESTORS}
        for file, text in {**files, **changes}.items():
            path = folder / ".".join(file.rsplit("_", 1))
            if text is not None:
                path.write_text(text, encoding="utf-8")
            elif path.exists():
                path.unlink()
        return folder

    return write


@pytest.fixture
def write_file(tmp_path: Path) -> Callable[..., Path]:
    """Writes the one-file pack, with texts replaced."""

    def write(*replacements: tuple[str, str]) -> Path:
        text = ONE_FILE
        for old, new in replacements:
            assert old in text
            text = text.replace(old, new)
        file = tmp_path / "garden.py"
        file.write_text(text, encoding="utf-8")
        return file

    return write
