"""What a server and the processes of its workers say to each other."""

import socket
from collections.abc import Iterator

import pytest

from converge_cli.server.workers.line import Begin, Cancel, Line, Ring, Stop, WorkerTroubled

TROUBLE = WorkerTroubled("job1", "STORE_UNAVAILABLE", "no room", "make some", None)


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Both ends, closed at the end."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


def test_orders_and_news_arrive_as_they_were_said(ends: tuple[socket.socket, socket.socket]):
    """In their order, until the other end is gone."""
    server, workers = map(Line, ends)
    begin = Begin("here#1", "/store", ("more",), 2)
    server.tell(begin)
    for order in (Ring(), Cancel("job1"), Stop(1.5)):
        server.order(order)
    workers.tell(TROUBLE)
    server_news = server.news()
    assert TROUBLE == next(server_news)
    server.close()
    assert [begin, Ring(), Cancel("job1"), Stop(1.5)] == list(workers.orders())
    workers.close()


def test_what_was_cut_off_was_not_said(ends: tuple[socket.socket, socket.socket]):
    """A process that is killed may leave half a line; whoever listens hears that it is gone, and nothing else."""
    ours, theirs = ends
    line = Line(ours)
    Line(theirs).tell(TROUBLE)
    theirs.sendall(b'{"type":"claimed","jo')
    theirs.close()
    assert [TROUBLE] == list(line.news())
    line.close()


def test_an_order_waits_for_nobody(ends: tuple[socket.socket, socket.socket]):
    """Who sleeps hears some of them; the others are an error at once, and no line is torn."""
    ours, theirs = ends
    line = Line(ours)

    def ring_on() -> None:
        for _ in range(1_000_000):
            line.order(Ring())

    with pytest.raises(BlockingIOError):
        ring_on()
    line.close()
    assert {Ring()} == set(Line(theirs).orders())
