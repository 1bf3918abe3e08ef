"""Runs that earlier versions recorded: they are read, replayed and explained by this one, to the same bytes."""

import base64
import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from converge_cli import __version__, converge_verify
from converge_cli._internal.canonical_json import encode
from converge_cli._internal.hashing import GENESIS, chain_link
from converge_cli.app.record.verify_receipt import verify_receipt
from converge_cli.app.record.write_receipt import sign_receipt, tell
from converge_cli.bootstrap import make_services
from converge_cli.engine.replay import replay

HERE = Path(__file__).parent
FILES = sorted(HERE.glob("*/runs.jsonl.gz"))
ENDINGS = {
    "CriteriaMet": 2,
    "HumanInterventionRequired": 3,
    "CriteriaUnmet": 1,
    "PolicyDenied": 1,
}


class History:
    """What one version recorded: rows, event bytes by run, blobs by digest."""

    def __init__(self, file: Path) -> None:
        self.rows: list[dict[str, Any]] = []
        self.events: dict[str, list[bytes]] = {}
        self.blobs: dict[str, bytes] = {}
        for line in gzip.decompress(file.read_bytes()).splitlines():
            said = json.loads(line)
            if "event" in said:
                self.events[self.rows[-1]["run"]].append(line[len(b'{"event":') : -1])
            elif "blob" in said:
                self.blobs[said["blob"]] = _bytes(said)
            elif isinstance(said.get("run"), dict):
                self.rows.append(said["run"])
                self.events[said["run"]["run"]] = []


def _bytes(blob: dict[str, Any]) -> bytes:
    return blob["text"].encode() if "text" in blob else base64.b64decode(blob["base64"])


@pytest.fixture(params=FILES, ids=lambda file: file.parent.name)
def history(request: pytest.FixtureRequest) -> History:
    """Each version that there was."""
    return History(request.param)


def test_every_run_of_every_version_comes_out_again(history: History):
    """Same events, same head; policy is asked anew, nothing of the projects of then is there."""
    gate = make_services(HERE).gate
    for row in history.rows:
        done = replay(row["run"], history.events[row["run"]], history.blobs.__getitem__, gate)
        assert (None, row["head"], False) == (done.divergence, done.head, done.recorded_gates)


def test_the_events_hash_to_the_recorded_head(history: History):
    """The files themselves are whole."""
    for row in history.rows:
        head = GENESIS
        for event in history.events[row["run"]]:
            assert event == encode(json.loads(event))
            head = chain_link(head, event)
        assert row["head"] == head.hex()


def test_this_version_has_recorded_its_runs():
    """A release without its runs could break them unseen; their endings cover what runs come to."""
    file = HERE / __version__ / "runs.jsonl.gz"
    reasons = [row["reason"] for row in History(file).rows]
    assert {reason: reasons.count(reason) for reason in sorted(set(reasons))} == ENDINGS
    assert sum(item.stat().st_size for item in FILES) <= 200_000 * len(FILES)


def test_every_run_of_every_version_has_a_receipt_that_both_verifiers_accept(history: History):
    """Paused, ended, denied; nothing but the record is needed."""
    for row in history.rows:
        made = sign_receipt(tell(row["run"], history.events[row["run"]], history.blobs.__getitem__), None)
        assert (row["head"], True) == (made.head, verify_receipt("r", made.data, head=row["head"]).authenticated)
        assert row["head"] == converge_verify.verify(made.data, head=row["head"])["events"]["head"]
