"""How paths are told to people."""

from pathlib import Path


def shown(path: Path, folder: Path) -> str:
    """A path as people see it: relative to where they stand when it is below that, and text in any case."""
    name = str(path.relative_to(folder)) if path.is_relative_to(folder) else str(path)
    # A name that is not UTF-8 can't be printed or written down as it is.
    return name.encode("utf-8", "backslashreplace").decode()
