"""Advisory locks on files: one writer at a time per store, one driver at a time per run.

The system lets go of a lock when its process dies, so nothing is ever stale. Must never be used over a network
file system that ignores flock.
"""

import errno
import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_POLL_SECONDS = (0.0001, 0.002)
"""How soon it is asked again: at first, as most hold a lock for less than a millisecond; and at most."""
_HELD = (errno.EAGAIN, errno.EACCES)


def try_lock(descriptor: int) -> bool:
    """Take the lock if nobody has it; whether it was taken.

    Raises:
        OSError: the file system has no locks.
    """
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in _HELD:
            return False
        raise
    return True


def lock_within(descriptor: int, seconds: float) -> bool:
    """Take the lock, waiting at most about this many seconds; whether it was taken."""
    last = time.monotonic() + seconds
    pause, longest = _POLL_SECONDS
    while not try_lock(descriptor):
        if time.monotonic() >= last:
            return False
        time.sleep(pause)
        pause = min(pause * 1.5, longest)
    return True


def unlock(descriptor: int) -> None:
    """Let the lock go."""
    fcntl.flock(descriptor, fcntl.LOCK_UN)


@contextmanager
def held_file(path: Path) -> Iterator[bool]:
    """Hold a file of its own for the length of the block; yields False when another process holds it.

    The file is removed at the end, while it is still locked, so that none are left behind.
    """
    descriptor = _lock_named(path)
    if descriptor is None:
        yield False
        return
    try:
        yield True
    finally:
        path.unlink(missing_ok=True)
        os.close(descriptor)


def _lock_named(path: Path) -> int | None:
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            taken = try_lock(descriptor)
        except OSError:
            os.close(descriptor)
            raise
        if taken and _is_still(path, descriptor):
            return descriptor
        os.close(descriptor)
        if not taken:
            return None


def _is_still(path: Path, descriptor: int) -> bool:
    # Its last holder may have removed the file between our open and our lock: then the name means another file.
    try:
        named = path.stat(follow_symlinks=False)
    except FileNotFoundError:
        return False
    mine = os.fstat(descriptor)
    return (named.st_dev, named.st_ino) == (mine.st_dev, mine.st_ino)
