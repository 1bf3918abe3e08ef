"""A disk that fails on purpose, below SQLite: the n-th write, sync or cut of a file dies, tears, fills up or errs.

Works on the SQLite of its own process, by putting itself between SQLite and the operating system; every database that
is opened afterwards is concerned, until the process ends. For tests only: call it in a child process.
"""

import _sqlite3
import ctypes
import os
import signal
import sqlite3
from collections.abc import Callable
from ctypes import CFUNCTYPE, POINTER, Structure, c_char_p, c_int, c_int64, c_void_p
from typing import Any, Literal, NamedTuple

FaultKind = Literal["kill", "torn", "power", "scattered", "full", "error"]
KINDS: tuple[FaultKind, ...] = ("kill", "torn", "power", "scattered", "full", "error")

_OK, _IOERR, _FULL = 0, 10, 13
_CODES = {"write": _IOERR | 3 << 8, "sync": _IOERR | 4 << 8, "cut": _IOERR | 6 << 8}
_MAIN_DB, _JOURNAL, _WAL = 0x100, 0x800, 0x80000

_WRITE = CFUNCTYPE(c_int, c_void_p, c_void_p, c_int, c_int64)
_CUT = CFUNCTYPE(c_int, c_void_p, c_int64)
_SYNC = CFUNCTYPE(c_int, c_void_p, c_int)
_CLOSE = CFUNCTYPE(c_int, c_void_p)
_OPEN = CFUNCTYPE(c_int, c_void_p, c_void_p, c_void_p, c_int, c_void_p)


class _Methods(Structure):
    """What SQLite does with an open file; a copy with four of them ours takes the place of the original."""

    _fields_ = [
        ("version", c_int),
        ("close", c_void_p),
        ("read", c_void_p),
        ("write", c_void_p),
        ("cut", c_void_p),
        ("sync", c_void_p),
        ("others", c_void_p * 13),
    ]


class _Vfs(Structure):
    """How SQLite opens files; only `open` is replaced."""

    _fields_ = [
        ("version", c_int),
        ("size_of_file", c_int),
        ("longest_path", c_int),
        ("following", c_void_p),
        ("name", c_char_p),
        ("data", c_void_p),
        ("open", c_void_p),
    ]


class Fault(NamedTuple):
    """What goes wrong, and when.

    Attributes:
        at: at which point, counted from 1 over all files; 0 for never.
        kind: `kill`: the process dies before it. `torn`: half of the bytes are written, then it dies. `power`: it dies,
            and of every file all is lost that was not synced; `scattered`: of that, every other write. `full`: half of
            the bytes are written, and from then on nothing can be. `error`: this once, the disk says that it failed.
    """

    at: int = 0
    kind: FaultKind = "kill"


NEVER = Fault()


class _File(NamedTuple):
    path: str
    original: Any
    unsynced: list[tuple[int, bytes, int]]


_INSTALLED: "list[FaultDisk]" = []
"""SQLite calls them until the process ends, so nobody may collect them."""


class FaultDisk:
    """Counts the points at which SQLite touches the disk, and lets one of them fail.

    Attributes:
        points: how many there have been.
        seen: what each was: `write`, `sync` or `cut`.
    """

    def __init__(self, fault: Fault = NEVER, die: Callable[[], object] | None = None) -> None:
        self.points = 0
        self.seen: list[str] = []
        self._fault = fault
        self._die = die or (lambda: os.kill(os.getpid(), signal.SIGKILL))
        self._full = False
        self._files: dict[int, _File] = {}
        self._copies: dict[int, tuple[_Methods, Any]] = {}
        self._ours = (_WRITE(self._write), _CUT(self._cut), _SYNC(self._sync), _CLOSE(self._close))
        self._open_ours = _OPEN(self._open)
        self._open_original: Any = None

    def install(self) -> None:
        """Stand between SQLite and the disk from now on.

        Raises:
            AttributeError: SQLite is built into this Python in a way that hides it.
        """
        _INSTALLED.append(self)
        library = ctypes.CDLL(getattr(_sqlite3, "__file__", None))
        sqlite3.connect(":memory:").close()  # SQLite finds its way to the disk when it is first used
        find = library.sqlite3_vfs_find
        find.restype, find.argtypes = POINTER(_Vfs), [c_char_p]
        vfs = find(None).contents
        self._open_original = _OPEN(vfs.open)
        vfs.open = ctypes.cast(self._open_ours, c_void_p).value

    def arm(self, after: int) -> None:
        """Let the fault happen so many points from now."""
        self._fault = self._fault._replace(at=self.points + after)

    def _open(self, vfs: int, name: int | None, file: int, flags: int, out: int) -> int:
        # The very pointer goes on: SQLite keeps it, and finds options of the address behind it.
        code: int = self._open_original(vfs, name, file, flags, out)
        if code == _OK and name is not None and flags & (_MAIN_DB | _JOURNAL | _WAL):
            methods = ctypes.cast(file, POINTER(POINTER(_Methods)))
            address = ctypes.addressof(methods.contents.contents)
            if address not in self._copies:
                self._copies[address] = self._copied(methods.contents.contents)
            copy, original = self._copies[address]
            methods[0] = ctypes.pointer(copy)
            self._files[file] = _File(os.fsdecode(ctypes.string_at(name)), original, [])
        return code

    def _copied(self, methods: _Methods) -> tuple[_Methods, Any]:
        copy = _Methods.from_buffer_copy(methods)
        original = (_WRITE(methods.write), _CUT(methods.cut), _CLOSE(methods.close))
        places = (ctypes.cast(mine, c_void_p).value for mine in self._ours)
        copy.write, copy.cut, copy.sync, copy.close = places
        return copy, original

    def _write(self, file: int, data: int, size: int, offset: int) -> int:
        known = self._files[file]
        fails = self._reached("write")
        if fails and self._fault.kind in {"torn", "full"}:
            known.original[0](file, data, size // 2, offset)
        if fails:
            return self._fail("write")
        self._remember(known, offset, size)
        code: int = known.original[0](file, data, size, offset)
        return code

    def _cut(self, file: int, size: int) -> int:
        known = self._files[file]
        if self._reached("cut"):
            return self._fail("cut")
        self._remember(known, size, max(os.path.getsize(known.path) - size, 0))
        code: int = known.original[1](file, size)
        return code

    def _sync(self, file: int, _flags: int) -> int:
        if self._reached("sync"):
            return self._fail("sync")
        self._files[file].unsynced.clear()  # this machine stays on, so nothing has to reach its disk
        return _OK

    def _close(self, file: int) -> int:
        known = self._files.pop(file)
        code: int = known.original[2](file)
        return code

    def _reached(self, what: str) -> bool:
        self.points += 1
        self.seen.append(what)
        return self._full or self.points == self._fault.at

    def _fail(self, what: str) -> int:
        kind = self._fault.kind
        if kind == "full":
            self._full = True
            return _FULL if what == "write" else _OK
        if kind == "error":
            return _CODES[what]
        if kind in {"power", "scattered"}:
            for file in self._files.values():
                self._lose(file)
        self._die()
        return _CODES[what]

    def _remember(self, file: _File, offset: int, size: int) -> None:
        """What a power cut would bring back: the bytes that stood there, and how long the file was."""
        if self._fault.kind not in {"power", "scattered"}:
            return
        with open(file.path, "rb") as stream:
            stream.seek(offset)
            file.unsynced.append((offset, stream.read(size), os.path.getsize(file.path)))

    def _lose(self, file: _File) -> None:
        step = 2 if self._fault.kind == "scattered" else 1
        with open(file.path, "r+b") as stream:
            for offset, before, length in file.unsynced[::-1][::step]:
                stream.seek(offset)
                stream.write(before)
                if step == 1:
                    stream.truncate(length)
