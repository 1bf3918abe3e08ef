"""The two verifiers as readers use them: files of any kind, several at once, and a script that needs only Python."""

import base64
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from receipt_kit import GENUINE, UNKNOWN, WRONG, both, forged, head_of, verdicts

from converge_cli import converge_verify
from converge_cli.app.record.verify_receipt import (
    ReceiptFileError,
    ReceiptUnverifiedError,
    check_pairs,
    read_key,
    read_receipt,
    verify_receipt,
)


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b"null", b"hello", b"\xff", b'{"payload":"e30="}', b"[" * 5000])
def test_what_is_no_receipt_is_refused_by_both(data):
    """In words, and not by a crash."""
    assert WRONG == both(data)
    assert "it is not a receipt" in verdicts(data)[0]


def with_payload(change: Callable[[str], str]) -> Callable[[bytes], bytes]:
    """What makes another file of a receipt by changing the base64 of its payload."""
    return lambda data: data.replace((text := json.loads(data)["payload"]).encode(), change(text).encode())


def with_text(old: str, new: str) -> Callable[[bytes], bytes]:
    """What makes another file of a receipt by changing the text of its statement; the signature stays."""

    def change(text: str) -> str:
        return base64.b64encode(base64.b64decode(text).replace(old.encode(), new.encode(), 1)).decode()

    return with_payload(change)


STATEMENTS = {
    "NaN": with_text('"seq":1,', '"seq":NaN,'),
    "a fraction": with_text('"seq":1,', '"seq":1.0,'),
    "a huge integer": with_text('"seq":1,', f'"seq":{"9" * 5000},'),
    "a member twice": with_text('"seq":1,', '"seq":1,"seq":1,'),
    "depth": with_text('"seq":1,', f'"seq":{"[" * 100_000}{"]" * 100_000},'),
    "half a surrogate": with_text('"seq":1,', '"seq":"\\ud800",'),
    "white space in the statement": with_text('"seq":1,', '"seq": 1,'),
}
"""Other texts of what is signed: an unsigned receipt has to be refused for them as well."""

ENCODINGS = {
    "a line end": lambda data: data + b"\n",
    "bytes behind it": lambda data: data + b"{}",
    "a byte order mark": lambda data: b"\xef\xbb\xbf" + data,
    "UTF-16": lambda data: data.decode().encode("utf-16"),
    "indented": lambda data: json.dumps(json.loads(data), indent=1).encode(),
    "an escaped letter": lambda data: data.replace(b'"payload"', b'"\\u0070ayload"', 1),
    "a look-alike letter": lambda data: data.replace(b'"payload"', '"\u0440ayload"'.encode(), 1),
    "a name twice": lambda data: b'{"payload":"",' + data[1:],
    "another member": lambda data: data[:-1] + b',"x":1}',
    "another payloadType": lambda data: data.replace(b"vnd.in-toto+json", b"vnd.other+json", 1),
    "no signatures member": lambda data: data.partition(b',"signatures"')[0] + b"}",
    "signatures null": lambda data: re.sub(rb'"signatures":\[.*\]', b'"signatures":null', data),
    "two signatures": lambda data: re.sub(rb'"signatures":\[(.*)\]', rb'"signatures":[\1,\1]', data),
    "an empty signature": lambda data: re.sub(rb'"sig":"[^"]*"', b'"sig":""', data),
    "no id of a key": lambda data: re.sub(rb'"keyid":"[^"]*",', b"", data),
    "url-safe base64": lambda data: re.sub(rb'"sig":"[^"]*"', b'"sig":"' + b"-_" * 43 + b'=="', data),
    "padding left away": with_payload(lambda text: text.rstrip("=")[:-1]),
    "padding too much": with_payload(lambda text: text + "===="),
    "a line end in base64": with_payload(lambda text: text[:76] + "\\n" + text[76:]),
    "a space in base64": with_payload(lambda text: " " + text),
}


@pytest.mark.parametrize("name", [*ENCODINGS, *STATEMENTS])
def test_another_encoding_of_a_receipt_is_refused_by_both_whatever_the_reader_brings(office, signed, name):
    """One statement has one file, so that files can be compared and hashed."""
    other = {**ENCODINGS, **STATEMENTS}[name](signed)
    brought = [{}, {"key": office.mona.public_key}, {"head": head_of(signed)}]
    assert other != signed
    assert [WRONG] * 3 == [both(other, **item) for item in brought]


@pytest.mark.parametrize("name", STATEMENTS)
def test_another_encoding_of_what_nobody_signed_is_refused_by_both(plain, name):
    """No signature that would not fit it any more stands in for the check of the text itself."""
    other = STATEMENTS[name](plain)
    assert other != plain
    assert [WRONG] * 2 == [both(other), both(other, head=head_of(plain))]


def test_two_histories_of_one_run_that_spend_one_approval_are_named(run, plain, tmp_path):
    """Whoever copied the store and drove the run twice is found out by the files alone."""

    def later(events: list[Any], *_: Any) -> None:
        place = next(number for number, event in enumerate(events) if event["type"] == "RunResumed")
        for event in events[place:]:
            event["at"] = "2030-01-01T00:00:00.000000Z"

    other = forged(plain, later)
    assert UNKNOWN == both(other)
    with pytest.raises(ReceiptUnverifiedError, match=rf"both spend {run}\.vendor_commitment\.[0-9a-f]{{12}}"):
        check_pairs([verify_receipt("a", plain), verify_receipt("b", other)])
    script = run_script(tmp_path, {"a": plain, "b": other}, "a", "b")
    assert (9, True, True) == (script.returncode, "('a', 'b')" in script.stdout, f"both spend {run}." in script.stdout)


def test_the_script_accepts_several_receipts_that_can_all_be_true(office, plain, tmp_path):
    """A run, its pause, and another run; but one head can't be that of several."""
    waiting = office.paused()
    files = {"pause": office.receipt(waiting), "other": plain}
    office.approve(waiting)
    files["decided"] = office.receipt(waiting)
    assert (0, UNKNOWN) == told_by(run_script(tmp_path, files, *files))
    files["decided"] = files["decided"].replace(b"A", b"B", 1)
    spoilt = run_script(tmp_path, files, *files)
    assert (9, True) == (spoilt.returncode, spoilt.stdout.startswith("not verified: decided: "))
    assert 9 == run_script(tmp_path, files, "pause", "other", "--head", "00").returncode


def run_script(folder: Path, files: dict[str, bytes], *words: str) -> "subprocess.CompletedProcess[str]":
    """The script alone in a folder with some files: no environment, no site packages."""
    for name, data in files.items():
        (folder / name).write_bytes(data)
    (folder / "v.py").write_bytes(Path(converge_verify.__file__).read_bytes())
    command = [sys.executable, "-I", "-S", "v.py", *words]
    done = subprocess.run(command, capture_output=True, check=False, cwd=folder, env={}, text=True, timeout=60)
    assert "" == done.stderr
    return done


def told_by(done: "subprocess.CompletedProcess[str]") -> tuple[int, str]:
    """Exit code and verdict."""
    return done.returncode, done.stdout.split(":")[0].strip()


def test_the_script_needs_python_and_nothing_else(office, signed, tmp_path):
    """Copied away, isolated, without site packages; it says the same and ends with 0 or 9."""
    files = {"good": signed, "bad": signed.replace(b"A", b"B", 1)}
    words = [["good"], ["good", "--key", office.mona.public_key], ["good", "--head", head_of(signed).upper()]]
    assert [(0, UNKNOWN), (0, GENUINE), (0, GENUINE)] == [told_by(run_script(tmp_path, files, *item)) for item in words]
    wrong = [["good", "--head", "00"], ["good", "--head", ""], ["good", "--key", ""], ["good", "--key"], ["bad"], []]
    assert [(9, WRONG)] * 6 == [told_by(run_script(tmp_path, files, *item)) for item in wrong]


def test_what_is_no_file_is_not_waited_for(signed, tmp_path):
    """A folder, a pipe that nobody writes to, a link that leads nowhere; a link to a receipt is one."""
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "nowhere").symlink_to("none")
    (tmp_path / "link").symlink_to("good")
    for name in ("folder", "pipe", "nowhere"):
        assert (9, WRONG) == told_by(run_script(tmp_path, {"good": signed}, name))
        with pytest.raises(ReceiptFileError):
            read_receipt(tmp_path / name)
        with pytest.raises(ReceiptFileError):
            read_key(str(tmp_path / name))
    assert (0, UNKNOWN) == told_by(run_script(tmp_path, {}, "link"))
    assert signed == read_receipt(tmp_path / "link")


def test_the_script_is_short_and_imports_only_what_python_brings():
    """Whoever copies it can read it."""
    text = Path(converge_verify.__file__).read_text()
    names = {line.split()[1] for line in text.splitlines() if line.startswith(("import ", "from "))}
    assert (True, set()) == (len(text.splitlines()) < 300, names - set(sys.stdlib_module_names))
