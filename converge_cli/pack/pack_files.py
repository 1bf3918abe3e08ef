"""How a pack is known by its files: a folder with a pack.yaml, or one Python file with a PACK. Runs nothing of it."""

import re
from pathlib import Path

MANIFEST = "pack.yaml"
"""What a folder that is a pack holds."""

_HAS_PACK = re.compile(rb"^PACK\b", re.MULTILINE)
_LOOKED_AT = 5_000_000
"""Bytes of a file that are looked at."""


def holds_pack(file: Path) -> bool | None:
    """Whether a Python file is a pack, as far as can be seen; None when it can't be read."""
    try:
        if not file.is_file():
            return False
        with file.open("rb") as stream:
            return _HAS_PACK.search(stream.read(_LOOKED_AT)) is not None
    except OSError:
        return None
