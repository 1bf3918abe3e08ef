"""How paths are told to people."""

from pathlib import Path


def shown(path: Path, folder: Path) -> str:
    """A path as people see it: relative to where they stand when it is below that."""
    return str(path.relative_to(folder)) if path.is_relative_to(folder) else str(path)
