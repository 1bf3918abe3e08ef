"""The ledger's file against dying processes and failing disks: what was told is there, a load is whole or not there."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ledger_child import APPENDS, LOADED

from converge_cli._internal.system import SystemClock
from converge_cli.app.ledger.verify_ledger import read_entries
from converge_cli.core.ledger_errors import ContextNotEmptyError
from converge_cli.core.ledger_proof import check_chain
from converge_cli.core.port import Ledger
from converge_cli.store.ledger_sqlite import SqliteLedger
from converge_cli.testing.fault_disk import KINDS

THOROUGH = os.environ.get("CONVERGE_FAULTS") == "all"
TOLD = {"full", "error"}
"""What a process lives to tell; closing, when all is done, tells nothing."""

SIZES = [sum(map(len, APPENDS[: number + 1])) for number in range(len(APPENDS))]
"""How many entries there are after each append."""


def count_of(ledger: Ledger, context: str) -> int:
    """How many entries a context has; raises when they are not a chain."""
    return check_chain(context, read_entries(ledger, context)).head().count


@pytest.mark.parametrize("kind", KINDS)
def test_a_ledger_at_every_write_point(tmp_path: Path, kind: str) -> None:
    """What was told is there, batches and the load are there whole or not, and doing all again duplicates nothing."""
    step = 1 if THOROUGH else 3 if kind == "kill" else 9
    child = [sys.executable, Path(__file__).with_name("ledger_child.py"), tmp_path, kind, str(step)]
    lines = subprocess.run(child, stdout=subprocess.PIPE, check=True, text=True).stdout.splitlines()
    snapshot = (tmp_path / "snapshot").read_bytes()
    cases = [json.loads(line) for line in lines]
    for case in cases:
        judge(case, snapshot)
    assert {"LEDGER_UNAVAILABLE" if kind in TOLD else "SIGKILL"} == {case["ended"] for case in cases} - {"none"}
    assert len(cases) / 2 < sum(case["ended"] != "none" for case in cases)
    assert 10 < cases[0]["of"] // step <= len(cases)


def judge(case: dict[str, Any], snapshot: bytes) -> None:
    """Hold what is in the file against what was told, then do all of it again."""
    ledger = SqliteLedger(Path(case["folder"]) / "ledger.db", SystemClock())
    own, copied = count_of(ledger, "own"), count_of(ledger, "copied")
    told = [number for number in case["told"] if number != LOADED]
    assert own in {0, *SIZES}, case
    assert own >= max(told, default=0), case
    assert copied in {0, LOADED}, case
    assert copied == LOADED or LOADED not in case["told"], case
    for entries in APPENDS:
        ledger.append("own", entries)
    if copied:
        with pytest.raises(ContextNotEmptyError):
            ledger.load([snapshot])
    else:
        ledger.load([snapshot])
    assert (SIZES[-1], LOADED) == (count_of(ledger, "own"), count_of(ledger, "copied"))
    ledger.close()
