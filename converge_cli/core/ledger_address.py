"""Where a ledger is: a file, a server, or this process's memory. Pure: nothing is opened."""

from pathlib import Path
from typing import Literal
from urllib.parse import parse_qsl, urlsplit

import msgspec

from converge_cli.core.ledger_errors import LedgerAddressError

FILE = "ledger.db"
_FILES = ("ca", "cert", "key")
_HINT = "give a file, grpc://HOST:PORT or grpcs://HOST:PORT?ca=FILE&cert=FILE&key=FILE"


class LedgerAddress(msgspec.Struct, frozen=True):
    """One ledger.

    Attributes:
        kind: `file`, `grpc`, `grpcs` (TLS) or `memory` (of one process, so only for a server).
        target: the path, or host:port.
        ca: certificates to trust, instead of the system's.
        cert: the client's own certificate, with its `key`, where the server wants one.
    """

    kind: Literal["file", "grpc", "grpcs", "memory"]
    target: str = ""
    ca: str | None = None
    cert: str | None = None
    key: str | None = None

    def shown(self) -> str:
        """As people know it."""
        return self.target if self.kind == "file" else f"{self.kind}:" + (f"//{self.target}" if self.target else "")


def parse_address(text: str, folder: Path) -> LedgerAddress:
    """The address that somebody wrote; relative paths are those of a folder. A folder means `ledger.db` in it.

    Raises:
        LedgerAddressError: it is none.
    """
    if text == "memory:":
        return LedgerAddress("memory")
    scheme, separator, rest = text.partition("://")
    if not separator:
        return _file(text, folder)
    if scheme in {"grpc", "grpcs"}:
        return _server(text, rest, folder)
    raise LedgerAddressError(f"{text[:200]!r} names no ledger: there is no {scheme[:40]}://", hint=_HINT)


def _file(text: str, folder: Path) -> LedgerAddress:
    if not text or "\0" in text:
        raise LedgerAddressError(f"{text[:200]!r} names no ledger", hint=_HINT)
    path = folder / text
    return LedgerAddress("file", str(path / FILE if text.endswith("/") else path))


def _server(text: str, rest: str, folder: Path) -> LedgerAddress:
    kind: Literal["grpc", "grpcs"] = "grpcs" if text.startswith("grpcs") else "grpc"
    try:
        parts = urlsplit(f"//{rest}")
        host, port = parts.hostname, parts.port
        given = parse_qsl(parts.query, strict_parsing=bool(parts.query), keep_blank_values=True)
    except ValueError as error:
        raise LedgerAddressError(f"{text[:200]!r} names no ledger: {error}", hint=_HINT) from None
    if not host or not port or parts.path or parts.fragment or parts.username is not None:
        raise LedgerAddressError(f"{text[:200]!r} names no ledger: it needs a host and a port", hint=_HINT)
    files = {name: str(folder / value) for name, value in given if value}
    if len(files) != len(given) or set(files) - set(_FILES) or (files and kind == "grpc"):
        raise LedgerAddressError(f"{text[:200]!r} names no ledger: grpcs:// takes ca, cert and key, once", hint=_HINT)
    if ("cert" in files) != ("key" in files):
        raise LedgerAddressError(f"{text[:200]!r} names no ledger: cert and key go together", hint=_HINT)
    return LedgerAddress(kind, f"[{host}]:{port}" if ":" in host else f"{host}:{port}", **files)
