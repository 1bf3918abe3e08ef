"""The ledger's protocol: its generated code is fresh, and it has five methods, no more."""

import inspect
from contextlib import closing
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.descriptor_pool import DescriptorPool
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase
from served_ledger import served, serving

from converge_cli._internal.system import SystemClock
from converge_cli._internal.wire import ledger_pb2 as wire
from converge_cli._internal.wire.ledger_pb2_grpc import LedgerStub
from converge_cli.core.ledger_errors import LedgerUnavailableError
from converge_cli.core.port import Ledger
from converge_cli.store.ledger_memory import MemoryLedger
from converge_cli.testing.ledger_samples import some
from converge_cli.testing.wire_stubs import PROTOS, ROOT, generate

OPERATIONS = {"Append", "Get", "Snapshot", "Load", "Watch"}


def test_the_generated_code_is_what_the_protocol_generates(tmp_path: Path):
    """Whoever changes the one has to generate the other: python -m converge_cli.testing.wire_stubs."""
    made = generate(tmp_path)
    assert 3 * len(PROTOS) == len(made)
    for path in made:
        assert (ROOT / path.relative_to(tmp_path)).read_text() == path.read_text()


def test_the_port_has_exactly_the_five_operations():
    """Nothing that changes, removes, locks or decides."""
    names = {name for name, _ in inspect.getmembers(Ledger, inspect.isfunction) if not name.startswith("_")}
    assert {name.lower() for name in OPERATIONS} == names


def test_what_a_caller_leaves_out_has_a_default():
    """A page of a hundred, from the beginning, of every key; a heartbeat within seconds."""
    ledger = MemoryLedger(SystemClock())
    ledger.append("run1", some(150))
    with serving(ledger) as url, grpc.insecure_channel(url.removeprefix("grpc://")) as channel:
        stub = LedgerStub(channel)
        page = stub.Get(wire.GetRequest(context="run1"), timeout=10)
        watching = stub.Watch(wire.WatchRequest(context="run1"), timeout=10)
        seen = [next(watching).entry.sequence for _ in range(150)]
        watching.cancel()

    assert (100, 150, True) == (len(page.entries), page.last, page.more)
    assert list(range(1, 151)) == seen


@pytest.mark.parametrize("method", sorted(OPERATIONS))
def test_a_message_that_is_none_of_the_protocol_is_refused_in_our_words(method: str):
    """Whichever operation it is for; what comes after it is served."""
    with serving(MemoryLedger(SystemClock())) as url, grpc.insecure_channel(url.removeprefix("grpc://")) as channel:
        name = f"/converge.ledger.v1.Ledger/{method}"
        calls: dict[str, Any] = {
            "Load": lambda: channel.stream_unary(name)(iter([b"\xff\xff"]), timeout=10),
            "Snapshot": lambda: next(channel.unary_stream(name)(b"\xff\xff", timeout=10)),
            "Watch": lambda: next(channel.unary_stream(name)(b"\xff\xff", timeout=10)),
        }
        with pytest.raises(grpc.RpcError) as caught:
            calls.get(method, lambda: channel.unary_unary(name)(b"\xff\xff", timeout=10))()
        after = LedgerStub(channel).Get(wire.GetRequest(context="run1"), timeout=10)

    told: Any = caught.value
    assert (grpc.StatusCode.INVALID_ARGUMENT, "a message is none of converge.ledger.v1") == (
        told.code(),
        told.details(),
    )
    assert 0 == after.last


def test_a_watcher_is_told_where_to_go_on_when_its_server_goes():
    """Whatever ends the connection."""
    ledger = MemoryLedger(SystemClock())
    ledger.append("run1", some(3))
    with served(ledger) as client, closing(client.watch("run1")) as watching:
        assert [1, 2, 3] == [next(watching).sequence for _ in range(3)]
        client.close()
        with pytest.raises(LedgerUnavailableError) as caught:
            next(watching)

    assert "watch again after sequence 3" == caught.value.hint


def test_a_server_offers_exactly_the_five_methods_and_says_that_it_is_well():
    """Counted by reflection, as any client can."""
    with serving(MemoryLedger(SystemClock())) as url, grpc.insecure_channel(url.removeprefix("grpc://")) as channel:
        database = ProtoReflectionDescriptorDatabase(channel)
        service = DescriptorPool(database).FindServiceByName("converge.ledger.v1.Ledger")
        health = health_pb2_grpc.HealthStub(channel)
        for name in ("", "converge.ledger.v1.Ledger"):
            answer = health.Check(health_pb2.HealthCheckRequest(service=name), timeout=10)
            assert health_pb2.HealthCheckResponse.SERVING == answer.status
        with pytest.raises(grpc.RpcError):
            health.Check(health_pb2.HealthCheckRequest(service="other"), timeout=10)
        services = {
            "converge.ledger.v1.Ledger",
            "grpc.health.v1.Health",
            "grpc.reflection.v1alpha.ServerReflection",
        }
        assert OPERATIONS == {method.name for method in service.methods}
        assert services == set(database.get_services())
