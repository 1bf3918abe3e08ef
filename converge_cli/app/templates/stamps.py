"""What files and folders were like when something was made of them. Must never read what they hold."""

import os
from collections.abc import Iterable
from pathlib import Path

Stamp = tuple[int, int, int, int] | None


class Stamps:
    """Files and folders by path, each with its times, size and number; what is not there counts, too.

    Taken before the files are read: what changes meanwhile is seen the next time.
    """

    __slots__ = ("_known",)

    def __init__(self, paths: Iterable[Path]) -> None:
        self._known = tuple((str(path), _stamp(str(path))) for path in dict.fromkeys(paths))

    def hold(self) -> bool:
        """Whether all of them still are as they were: a folder is not once something was put in or taken out."""
        return all(_stamp(path) == known for path, known in self._known)


def _stamp(path: str) -> Stamp:
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return None
    # The time of the last change of any sort: tools that copy files set back the other one.
    return found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino
