"""Receipts and keys against dying processes and full disks: at any moment the old file or the new one, never half."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from converge_cli.app.identity import find_identity, identities, new_identity
from converge_cli.app.record.write_receipt import make_receipt, sign_receipt, write_file
from converge_cli.bootstrap import make_services
from converge_cli.core.errors import ConvergeError
from converge_cli.settings import Settings

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
OLD = b"an older receipt"


@pytest.fixture(scope="module")
def receipt(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file that holds the receipt of a run."""
    import asyncio

    from converge_cli.app.run_job import RunJob, RunRequest

    folder = tmp_path_factory.mktemp("receipt")
    services = make_services(ROOT, settings=Settings("sqlite", folder / "store", None))
    run = asyncio.run(RunJob(services, RunRequest("hello-convergence"), None).run()).result.run_id
    made = sign_receipt(make_receipt(services, run), None)
    services.experience.close()
    file = folder / "made.json"
    file.write_bytes(made.data)
    return file


def cases(verb: str, folder: Path, receipt: Path) -> list[dict[str, Any]]:
    """How each process ended that was disturbed while it wrote, and the folder that it left."""
    folder.mkdir()
    done = subprocess.run(
        [sys.executable, HERE / "file_child.py", verb, folder, receipt], stdout=subprocess.PIPE, check=True, text=True
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_a_receipt_is_the_old_one_or_the_new_one_whenever_its_writer_dies(tmp_path: Path, receipt: Path) -> None:
    """Killed before each line, amid each write, or refused by the disk; then it is written again."""
    new, seen = receipt.read_bytes(), set()
    for case in cases("receipt", tmp_path / "cases", receipt):
        folder = Path(case["folder"])
        file = folder / "r.json"
        first = case["case"].endswith("True")
        held = file.read_bytes() if file.exists() else None
        assert held in ({None, new} if first else {OLD, new}), case
        assert (case["ended"] == "done") <= (held == new), case
        if not case["ended"].startswith("SIG"):  # nothing is left lying about by whoever lives to tell
            assert names(folder) == {"keys", *(["r.json"] if held is not None else [])}, case
        write_file(file, new)
        assert new == file.read_bytes()
        seen.add((case["case"].split("-")[0], case["ended"], held == new))
    assert {
        ("line", "SIGKILL", False),
        ("line", "SIGKILL", True),
        ("line", "done", True),
        ("killed", "SIGXFSZ", False),
        ("failed", "NOT_WRITABLE", False),
    } == seen


def test_a_key_is_whole_or_not_there_whenever_its_maker_dies(tmp_path: Path, receipt: Path) -> None:
    """Killed before each line, amid the write, or refused by the disk: the name is free, or the key signs."""
    seen = set()
    for case in cases("identity", tmp_path / "cases", receipt):
        folder = Path(case["folder"]) / "keys"
        known = [item.name for item in identities(folder)]
        assert (case["ended"] == "done") <= (known == ["mona"]), case
        seen.add((case["case"].split("-")[0], case["ended"], known == ["mona"]))
        if not known:
            new_identity(folder, "mona")
        assert 0o600 == find_identity(folder, "mona").file.stat().st_mode & 0o777
        assert {0o600} == {path.stat().st_mode & 0o777 for path in folder.iterdir()}
    assert {("line", "SIGKILL", False), ("line", "SIGKILL", True), ("line", "done", True)} <= seen
    assert {("killed", "SIGXFSZ", False), ("failed", "NOT_WRITABLE", False)} <= seen


def test_a_file_that_is_replaced_keeps_its_permissions_and_its_links(tmp_path: Path) -> None:
    """Written through a symbolic link the file that it leads to is replaced; its mode stays."""
    file, link = tmp_path / "r.json", tmp_path / "latest.json"
    file.write_bytes(OLD)
    file.chmod(0o640)
    link.symlink_to(file)
    write_file(link, b"new")
    assert (b"new", 0o640, True) == (file.read_bytes(), file.stat().st_mode & 0o777, link.is_symlink())


def test_what_is_no_file_is_written_to(tmp_path: Path) -> None:
    """A pipe gets the bytes and stays a pipe."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    write_file(pipe, b"new")
    assert (b"new", True) == (os.read(reader, 10), pipe.is_fifo())
    os.close(reader)


def test_what_can_not_be_written_is_told_with_what_to_do(tmp_path: Path) -> None:
    """A folder in place of the file, a folder that is not there, a part of the path that is a file."""
    (tmp_path / "file").touch()
    for path in (tmp_path, tmp_path / "none" / "r.json", tmp_path / "file" / "r.json"):
        with pytest.raises(ConvergeError) as raised:
            write_file(path, b"new")
        assert ("NOT_WRITABLE", str(path)) == (raised.value.code, raised.value.where)
        assert raised.value.hint
    assert {"file"} == names(tmp_path)
