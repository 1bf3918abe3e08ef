"""How the modules of packs are named in Python, and how a place in one is told: the same on every machine."""

import re
from types import TracebackType

PARENT = "converge_packs"
"""The package that all packs are imported under."""

# What tells two packs of one name in one process apart says nothing about the pack.
_SECOND = re.compile(r"__[0-9a-f]{16}(_\d+)?$")


def second_name(package: str, digest: str) -> str:
    """The package of another pack of the same name in this process."""
    return f"{package}__{digest[:16]}"


def pack_line(traceback: TracebackType | None) -> str:
    """The innermost line of a pack that an error passed through, as `pack/file.py:line`; empty without one."""
    found: tuple[str, str, int] | None = None
    while traceback is not None:
        frame = traceback.tb_frame
        module = frame.f_globals.get("__name__")
        if type(module) is str and module.startswith(f"{PARENT}."):
            found = module, frame.f_code.co_filename, traceback.tb_lineno
        traceback = traceback.tb_next
    return f"{_file(found[0], found[1])}:{found[2]}" if found else ""


def _file(module: str, path: str) -> str:
    """The file of a module below the folder of packs; of its path only the last name counts."""
    pack, *inner = module.split(".")[1:]
    name = path.replace("\\", "/").rpartition("/")[2]
    folders = inner if name == "__init__.py" else inner[:-1]
    alone = not inner and name != "__init__.py"
    return "/".join([*([] if alone else [_SECOND.sub("", pack)]), *folders, name])
