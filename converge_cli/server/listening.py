"""How servers listen: addresses, files of TLS, and what every gRPC server of ours is set to. Knows no service."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from converge_cli.core.errors import ConvergeError

os.environ.setdefault("GRPC_VERBOSITY", "NONE")

_ENCRYPTED = b"ENCRYPTED"

Refused = Callable[..., ConvergeError]
"""The error of a command whose words do not go together: message, hint, where."""


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """What a server shows, and whom it lets in.

    Attributes:
        cert: the server's certificate, PEM.
        key: its key, PEM.
        ca: certificates of those who may call; others are refused.
    """

    cert: Path
    key: Path
    ca: Path | None = None

    def read(self) -> tuple[bytes, bytes, bytes | None]:
        """Their bytes.

        Raises:
            OSError: one can't be read.
        """
        return self.cert.read_bytes(), self.key.read_bytes(), None if self.ca is None else self.ca.read_bytes()


def tls_files(cert: Path | None, key: Path | None, ca: Path | None, refused: Refused) -> TlsFiles | None:
    """The files that were given; None where none were.

    Raises:
        ConvergeError: `refused`; they do not go together, can't be read, or the key is encrypted.
    """
    if cert is None and key is None and ca is None:
        return None
    if cert is None or key is None:
        raise refused("TLS needs --tls-cert and --tls-key", hint="give both files", where="--tls-cert")
    files = TlsFiles(cert, key, ca)
    try:
        _, given, _ = files.read()
    except OSError as error:
        raise refused(
            f"can't read {error.filename}: {error.strerror}", hint="give a PEM file", where=str(error.filename)
        ) from None
    if _ENCRYPTED in given:  # else a library asks for the passphrase, wherever standard input is
        raise refused(
            f"{key} is encrypted, and a server asks nobody for a passphrase",
            hint=f"openssl pkey -in {key} -out FILE, in a file that only the server may read",
            where=str(key),
        )
    return files


def grpc_options(most_bytes: int) -> tuple[tuple[str, int], ...]:
    """What every server is set to.

    Args:
        most_bytes: of a message that it takes.
    """
    return (
        ("grpc.max_receive_message_length", most_bytes),
        # Without this a second server could listen on the same port, and take a part of the calls.
        ("grpc.so_reuseport", 0),
        ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
        ("grpc.keepalive_permit_without_calls", 1),
    )


def listen_grpc(server: Any, host: str, port: int, tls: TlsFiles | None) -> int:
    """Have a gRPC server listen; the port, or 0 where that can't be done.

    Args:
        host: a name or an address; brackets around one of IPv6 are ours to set.
        port: 0 takes a free one.
        tls: None for none.
    """
    import grpc  # noqa: PLC0415  checking the words needs none of it

    bare = host.strip("[]")
    target = f"[{bare}]:{port}" if ":" in bare else f"{bare}:{port}"
    try:
        if tls is None:
            return int(server.add_insecure_port(target))
        cert, key, ca = tls.read()
        credentials = grpc.ssl_server_credentials([(key, cert)], ca, require_client_auth=ca is not None)
        return int(server.add_secure_port(target, credentials))
    except (RuntimeError, OSError):
        return 0
