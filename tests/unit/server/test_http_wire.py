"""What a connection may ask of the server before anybody looks at its request."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import uvloop

from converge_cli.server.http.wire import MOST_HEAD, BoundedProtocol
from converge_cli.server.serving import HttpServer


class Hasty(BoundedProtocol):
    """Waits for a moment only."""

    head_seconds = 0.3
    request_seconds = 0.6
    idle_seconds = 0.5


async def answer(scope: Any, receive: Any, send: Any) -> None:
    """Reads the whole request, then says how long its body was."""
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        size, more = size + len(message.get("body", b"")), message.get("more_body", False)
    body = b"%d" % size
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})


@pytest.fixture
def told() -> list[str]:
    """What the server told whoever runs it."""
    return []


@contextmanager
def serving(protocol: type[BoundedProtocol], told: list[str]) -> Iterator[int]:
    """The port of a server, on the event loop that real ones have."""
    server = HttpServer(answer, note=told.append, protocol=protocol)
    thread = threading.Thread(target=lambda: uvloop.run(server.serve()), daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.005)
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        thread.join(10)


@pytest.fixture
def port(told: list[str]) -> Iterator[int]:
    """Of a server that waits for a moment only."""
    with serving(Hasty, told) as port:
        yield port


def ask(port: int, *pieces: bytes) -> tuple[int, bytes, float]:
    """Status and body of what is answered until the server closes, and how many seconds that took; 0 for no answer."""
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
        try:
            for piece in pieces:
                line.sendall(piece)
        except OSError:  # it closed while we were sending
            pass
        answered = b""
        try:
            while got := line.recv(65_536):
                answered += got
        except ConnectionResetError:
            pass
    head, _, body = answered.partition(b"\r\n\r\n")
    return int(head.split()[1]) if head else 0, body, time.monotonic() - began


def code(body: bytes) -> str:
    """The error that a problem tells."""
    return str(json.loads(body)["code"])


ONE = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
HEAD = b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"


def test_a_head_without_end_is_refused_at_its_limit(port: int) -> None:
    """However much more comes: reading it all would hold up everybody else."""
    status, body, _ = ask(port, HEAD + b"X: " + b"a" * (MOST_HEAD - len(HEAD) - 3))
    assert (431, "HEAD_TOO_LARGE") == (status, code(body))
    many = b"".join(b"X%d: a\r\n" % number for number in range(20_000))
    status, body, _ = ask(port, HEAD + many[: MOST_HEAD - len(HEAD)])
    assert (431, "HEAD_TOO_LARGE") == (status, code(body))


def test_a_head_of_megabytes_holds_nobody_up(port: int) -> None:
    """The connection is closed after the first 64 KB; another is answered at once."""
    flood = threading.Thread(target=ask, args=(port, HEAD + b"X: ", *[b"a" * 1_000_000] * 60))
    flood.start()
    status, body, seconds = ask(port, HEAD + b"Content-Length: 2\r\n\r\nhi")
    assert (200, b"2", True) == (status, body, seconds < 1)
    flood.join()


def test_a_head_just_below_the_limit_and_a_body_beyond_it_are_taken(port: int) -> None:
    """The limit is of what comes before the body, also when both come in one piece."""
    size = 4 * MOST_HEAD
    rest = b"Content-Length: %d\r\n\r\n" % size
    head = HEAD + b"X: " + b"a" * (MOST_HEAD - len(HEAD) - len(rest) - 6) + b"\r\n" + rest
    assert MOST_HEAD - 1 == len(head)
    status, body, _ = ask(port, head + b"b" * size)
    assert (200, b"%d" % size) == (status, body)


def test_who_says_nothing_or_half_of_it_is_let_go_of(port: int) -> None:
    """A connection that asks nothing is closed; half a head and half a body are told so."""
    status, body, seconds = ask(port)
    assert (0, b"", True) == (status, body, 0.2 < seconds < 5)
    status, body, seconds = ask(port, HEAD)
    assert (408, "REQUEST_SLOW", True) == (status, code(body), 0.2 < seconds < 5)
    status, body, seconds = ask(port, HEAD + b"Content-Length: 9\r\n\r\nhalf")
    assert (408, "REQUEST_SLOW", True) == (status, code(body), 0.5 < seconds < 5)


def test_what_is_no_http_is_told_like_every_error(port: int, told: list[str]) -> None:
    """As a problem document, and with no line in the log: anybody could fill it."""
    status, body, _ = ask(port, b"FOO / HTTP/1.1\r\n\r\n")
    assert (400, "REQUEST_MALFORMED") == (status, code(body))
    assert [] == told


def test_a_second_request_of_a_connection_has_its_own_time_and_room(port: int) -> None:
    """Counting begins anew after each."""
    one = b"POST / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * (MOST_HEAD // 2) + b"\r\nContent-Length: 1\r\n\r\nb"
    with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
        for _ in range(4):
            line.sendall(one)
            answered = b""
            while not answered.endswith(b"\r\n\r\n1"):
                answered += line.recv(65_536)
            assert answered.startswith(b"HTTP/1.1 200 ")
            time.sleep(0.2)


@pytest.mark.parametrize("kept", [False, True], ids=["new", "kept"])
def test_a_request_that_is_here_is_answered_although_its_time_was_up_first(kept: bool) -> None:
    """As when a frozen process goes on: it hears of its timers before what came in meanwhile is read."""
    connections: list[BoundedProtocol] = []

    class Patient(BoundedProtocol):
        def connection_made(self, transport: Any) -> None:
            connections.append(self)
            super().connection_made(transport)

    frozen, sent = threading.Event(), threading.Event()

    def go_on() -> None:
        frozen.set()
        assert sent.wait(10)
        connections[0].timeout_keep_alive_handler() if kept else connections[0].time_is_up()

    with serving(Patient, []) as port, connected(port) as line:
        if kept:
            line.sendall(ONE)
            assert b"0" == read(line)
        while not connections:
            time.sleep(0.005)
        connections[0].loop.call_soon_threadsafe(go_on)
        assert frozen.wait(10)
        line.sendall(ONE)
        sent.set()
        assert b"0" == read(line)


def test_a_connection_without_a_request_is_closed(port: int) -> None:
    """After a request that was answered, when its time is up."""
    with connected(port) as line:
        line.sendall(ONE)
        assert b"0" == read(line)
        began = time.monotonic()
        assert b"" == line.recv(65_536)
        assert 0.8 * Hasty.idle_seconds < time.monotonic() - began


def test_a_connection_is_kept_for_longer_than_clients_keep_theirs() -> None:
    """Proxies mostly keep one for 60 seconds: were it closed here first, a request could be lost on its way."""
    assert BoundedProtocol.idle_seconds > 60


def connected(port: int) -> socket.socket:
    """A new connection."""
    return socket.create_connection(("127.0.0.1", port), timeout=10)


def read(line: socket.socket) -> bytes:
    """The body, one byte, of the answer with status 200 that comes next."""
    answered = b""
    while not (parts := answered.partition(b"\r\n\r\n"))[2]:
        got = line.recv(65_536)
        assert got, answered
        answered += got
    assert answered.startswith(b"HTTP/1.1 200 ")
    return parts[2]
