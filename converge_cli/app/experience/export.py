"""Writes recorded runs as canonical JSON lines: whole, verified, readable without this program. Changes nothing.

A header, then of each run its row, its events as they were hashed, its kept external calls and the bytes that it
names, then an end that counts them. Whoever has the file can hash the events and reach the head that the row states.
"""

import base64
from collections.abc import Iterable, Iterator
from itertools import chain

import msgspec

from converge_cli._internal.canonical_json import encode
from converge_cli.app.record.recorded_run import read_event
from converge_cli.app.services import Services
from converge_cli.core import event as e
from converge_cli.core.errors import RecordCorruptError
from converge_cli.core.port import RunRow
from converge_cli.core.recorded import PackRecord
from converge_cli.pack.pack_files import MANIFEST

SCHEMA = "converge.experience/1"


def export_runs(services: Services, rows: Iterable[RunRow]) -> Iterator[bytes]:
    """The lines of an export, each with its newline.

    Raises:
        RecordCorruptError: a record is damaged, or bytes that it names are gone.
    """
    yield _line({"schema": SCHEMA})
    runs = events = blobs = 0
    kept: set[str] = set()
    for row in rows:
        runs += 1
        yield _line({"run": _told(row)})
        for data in services.experience.read(row.run):
            event = read_event(row.run, data)
            events += 1
            yield b'{"event":' + data + b"}\n"
            for digest, named in _named(services, event, kept):
                blobs += 1
                yield _blob(digest, named)
            if event.seq == row.seq:  # what was appended after the row was read belongs to a later export
                break
        for call in sorted(services.experience.calls(row.run), key=msgspec.structs.astuple):
            yield _line({"call": call, "run": row.run})
            for digest in (call.request, call.answer):
                if digest not in kept:
                    kept.add(digest)
                    blobs += 1
                    yield _blob(digest, services.experience.get_blob(digest))
    yield _line({"end": {"blobs": blobs, "events": events, "runs": runs}})


def _named(services: Services, event: e.RunEvent, kept: set[str]) -> Iterator[tuple[str, bytes]]:
    """The bytes that an event names and that were not written yet."""
    for digest, must in digests_of(event):
        if digest in kept:
            continue
        data = _get(services, digest, must=must)
        if data is None:
            continue
        kept.add(digest)
        yield digest, data
        if not must:  # a pack: a list of its files, of which the manifest is kept
            for manifest in _manifest(data):
                if manifest not in kept and (found := _get(services, manifest, must=False)) is not None:
                    kept.add(manifest)
                    yield manifest, found


def digests_of(event: e.RunEvent) -> Iterator[tuple[str, bool]]:
    """Digests of the bytes that an event names, and whether they must be there: a pack's files need not."""
    if isinstance(event, e.RunStarted):
        yield event.job, True
        yield from ((source.digest, True) for source in event.sources)
    if isinstance(event, e.RunStarted | e.RunResumed):
        yield from chain.from_iterable(_pack(pack) for pack in event.packs)
        yield from ((digest, True) for digest in (event.people, event.registry) if digest)
    elif isinstance(event, e.ApprovalDecided | e.DecisionRefused):
        yield from ((digest, True) for digest in (event.people,) if digest)
    elif isinstance(event, e.SuggestorExecuted | e.SuggestorFailed):
        for call in event.calls:
            yield call.request, True
            yield call.answer, True


def _pack(pack: PackRecord) -> Iterator[tuple[str, bool]]:
    yield pack.digest, False
    if pack.policy:
        yield pack.policy, True


def _manifest(files: bytes) -> list[str]:
    try:
        listed = msgspec.json.decode(files, type=list[tuple[str, str]])
    except msgspec.MsgspecError:
        return []
    return [digest for path, digest in listed if path == MANIFEST]


def _get(services: Services, digest: str, *, must: bool) -> bytes | None:
    try:
        return services.experience.get_blob(digest)
    except RecordCorruptError:
        if must:
            raise
        return None


def _blob(digest: str, data: bytes) -> bytes:
    """Text as text, so that it can be read; other bytes in base64."""
    try:
        return _line({"blob": digest, "text": data.decode()})
    except UnicodeDecodeError:
        return _line({"blob": digest, "base64": base64.b64encode(data).decode()})


def _told(row: RunRow) -> dict[str, object]:
    """A row without what only this store can look up."""
    said = msgspec.structs.asdict(row)
    del said["waiting"]
    return said


def _line(value: object) -> bytes:
    return encode(value) + b"\n"
