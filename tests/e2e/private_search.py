"""Looks for texts in all that a run leaves behind, packed or not: store, mirror, receipt, export, answers, traces."""

import base64
import binascii
import re
import sqlite3
import zlib


def left_behind(converge, truth, ran, *, fact, gate):
    """Place -> its bytes, unpacked, of a run; the same truth is run again for its traces and a mirror."""
    run, folder = ran.data["run_id"], converge.folder
    mirror = folder / "mirror.db"
    said = [
        ran,
        converge("run", truth, "--no-input", "--trace", "plain"),
        converge("run", truth, "--no-input", "--trace", "jsonl"),
        converge("run", truth, "--no-input", "--json", "--ledger", mirror),
        converge("show", run, "--json"),
        converge("explain", run, fact, "--json"),
        converge("explain", run, gate),
        converge("inbox"),
        converge("experience", "export", "--all", "-o", folder / "runs.jsonl"),
        converge("receipt", run, "-o", folder / "r.json", "--json"),
        converge("verify", folder / "r.json", "--json"),
    ]
    places = {f"command {number}": (item.out + item.err).encode() for number, item in enumerate(said)}
    places |= {name: (folder / name).read_bytes() for name in ("r.json", "runs.jsonl")}
    places |= {f"cell {number}": data for number, data in enumerate(_cells(folder / "store"))}
    places |= {f"mirror {number}": data for number, data in enumerate(_cells(mirror))}
    return {name: list(_layers(data)) for name, data in places.items()}


EVERYWHERE = {"command", "r.json", "runs.jsonl", "cell", "mirror"}
"""The sorts of places in which a text is found that is kept."""


def holding(places, text):
    """The sorts of places that hold a text."""
    return {name.partition(" ")[0] for name, parts in places.items() if any(text.encode() in part for part in parts)}


def _layers(data):
    """Bytes, and what is packed in them: SQLite cells, deflated ones, base64 in JSON, at any depth."""
    yield data
    try:
        yield from _layers(zlib.decompress(data))
    except zlib.error:
        for found in re.findall(rb"[A-Za-z0-9+/_=-]{40,}", data):
            try:
                plain = base64.b64decode(found.replace(b"-", b"+").replace(b"_", b"/") + b"==", validate=False)
            except binascii.Error:
                continue
            yield from _layers(plain)


def _cells(*paths):
    """Every file of these folders, and every cell of every table in them."""
    for file in sorted(item for path in paths for item in [path, *path.rglob("*")] if item.is_file()):
        yield file.read_bytes()
        if file.read_bytes()[:6] == b"SQLite":
            with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as database:
                for (table,) in database.execute("select name from sqlite_master where type = 'table'").fetchall():
                    for row in database.execute(f'select * from "{table}"'):  # noqa: S608  the names are its own
                        yield from (cell if isinstance(cell, bytes) else str(cell).encode() for cell in row)
