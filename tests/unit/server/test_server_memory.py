"""What is left behind in cycles is freed soon in a process that serves, although commands put the collector off."""

import gc
import os
import signal
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from converge_cli._internal.system import SystemClock
from converge_cli.app.jobs.caller import LOCAL
from converge_cli.bootstrap import make_service
from converge_cli.server import ledger_server, serving
from converge_cli.server.door import Door, make_door
from converge_cli.server.limits import Share
from converge_cli.server.service import Service
from converge_cli.server.serving import Listening, listen
from converge_cli.settings import Settings
from converge_cli.store.ledger_memory import MemoryLedger

CYCLES = 30_000
"""Fewer than a command lets pile up, as many as a server has from some hundred streams."""


class Left:
    """Something that holds itself."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture
def command() -> Iterator[None]:
    """A process whose collector is put off as the command line does it, until the test is over."""
    before = gc.get_threshold()
    gc.set_threshold(100_000, 20, 20)
    gc.collect()
    yield
    gc.set_threshold(*before)
    gc.unfreeze()


@pytest.fixture
def door(tmp_path: Path) -> Door:
    """What a server of jobs opens on."""
    settings = Settings("memory", tmp_path, None)
    setting = make_service(tmp_path, settings=settings)
    service = Service(setting, "test", workers=1, self_test=list, note=lambda _: None)
    return make_door(service, lambda *_: LOCAL, share=Share(), metrics=None, most_bytes=1_000_000)


def until_ready(_: str) -> None:
    """Ends the server as soon as it takes requests, as whoever runs it would."""
    os.kill(os.getpid(), signal.SIGTERM)


def jobs(door: Door) -> None:
    """The server of jobs, as `converge serve` runs it."""
    listening = Listening(port=0, grpc_port=0)
    with listen(listening) as bound:
        serving.serve(door, listening, bound, until_ready, storage="memory", local=True)


def ledger(_: Door) -> None:
    """The server of a ledger, as `converge ledger serve` runs it."""
    ledger_server.serve(MemoryLedger(SystemClock()), ledger_server.Listening("127.0.0.1:0"), until_ready)


@pytest.mark.parametrize("serve", [jobs, ledger])
@pytest.mark.usefixtures("command")
def test_a_server_frees_what_is_left_in_cycles_before_it_piles_up(serve: Callable[[Door], None], door: Door) -> None:
    """Most of it is gone without anybody asking for a collection."""
    serve(door)
    left = [weakref.ref(Left()) for _ in range(CYCLES)]
    alive = sum(item() is not None for item in left)
    assert alive < CYCLES // 2


@pytest.mark.usefixtures("command")
def test_a_command_looks_for_cycles_later() -> None:
    """So that the test above tells a server from one."""
    left = [weakref.ref(Left()) for _ in range(CYCLES)]
    assert CYCLES == sum(item() is not None for item in left)
