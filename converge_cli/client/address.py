"""Where a server is, and whether a key may be sent there. Pure: nothing is opened, and no key is ever shown."""

from typing import NamedTuple
from urllib.parse import urlsplit

from converge_cli._internal.loopback import is_loopback
from converge_cli.client.errors import ServerAddressError

_HINT = "give its address as https://HOST[:PORT], or http://127.0.0.1:8080"
_PLAIN = "use https://, or say that it may be sent unprotected: plain_http=True, CONVERGE_PLAIN_HTTP=allow"


class ServerAddress(NamedTuple):
    """One server.

    Attributes:
        url: without a slash at its end.
        here: whether it is on this machine.
        protected: whether nobody on the way can read along.
    """

    url: str
    here: bool
    protected: bool


def parse_server(text: str) -> ServerAddress:
    """The address that somebody wrote.

    Raises:
        ServerAddressError: it is none, or holds more than an address.
    """
    shown = text[:200]
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise ServerAddressError(f"{shown!r} is no address: {error}", hint=_HINT, where="server") from None
    if "@" in parts.netloc:  # not shown: it may hold a password
        raise ServerAddressError(
            "an address holds no names and no passwords", hint="a key goes into CONVERGE_API_KEY", where="server"
        )
    odd = parts.query or parts.fragment or not text.isprintable() or " " in text
    if parts.scheme not in {"http", "https"} or not host or odd:
        raise ServerAddressError(f"{shown!r} is no address of a server", hint=_HINT, where="server")
    url = f"{parts.scheme}://{parts.netloc}{parts.path}".rstrip("/")
    return ServerAddress(url, is_loopback(host), parts.scheme == "https")


def check_key(address: ServerAddress, key: str | None, *, plain_http: bool) -> None:
    """Refuse to send a key where others could read it.

    Args:
        plain_http: whether it was said that this may be.

    Raises:
        ServerAddressError: it would go unprotected to another machine, or is no key; never says what it is.
    """
    if key is None:
        return
    if not key or not key.isascii() or not key.isprintable() or " " in key:
        raise ServerAddressError(
            "the key is empty, or holds what no key holds", hint="is all of it there, and nothing else?", where="key"
        )
    if not (address.protected or address.here or plain_http):
        raise ServerAddressError(
            f"the key is not sent to {address.url}: anybody on the way could read it", hint=_PLAIN, where=address.url
        )
