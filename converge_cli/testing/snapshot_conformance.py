"""What snapshot and load of every ledger must do; part of `LedgerConformance`."""

from collections.abc import Callable
from hashlib import sha256

import zstandard

from converge_cli.core.ledger import (
    GENESIS_HASH,
)
from converge_cli.core.ledger_errors import (
    ContextNotEmptyError,
    ContextUnknownError,
    SnapshotInvalidError,
)
from converge_cli.core.port import Ledger
from converge_cli.testing.experience_conformance import expect, expect_error
from converge_cli.testing.ledger_samples import all_of, fill, some


def repacked(snapshot: bytes, change: Callable[[list[bytes]], list[bytes]]) -> list[bytes]:
    """A snapshot whose lines somebody changed, packed and sealed again."""
    packed = zstandard.ZstdCompressor().compress(b"".join(change(lines_of(snapshot))))
    return [packed, bytes.fromhex("502a4d1820000000"), sha256(packed).digest()]


def lines_of(snapshot: bytes) -> list[bytes]:
    """What any zstd tool makes of a snapshot, line by line."""
    with zstandard.ZstdDecompressor().stream_reader(snapshot, read_across_frames=True) as reader:
        return reader.read().splitlines(keepends=True)


class SnapshotConformance:
    """The part of the suite on snapshots."""

    def test_a_snapshot_loads_into_another_ledger(self, ledger: Ledger, other: Ledger) -> None:
        """Everything is as it was, the times too, and appends go on behind it."""
        held = fill(ledger, "run1", 250)
        ledger.append("run2", some(3))
        head = other.load(ledger.snapshot("run1"))
        expect(("run1", 250, held[-1].hash), (head.context, head.count, head.head))
        expect(held, list(all_of(other, "run1")))
        expect(held[:2], other.append("run1", some(2)))
        [after] = other.append("run1", some(1, 251))
        expect((251, held[-1].hash), (after.sequence, after.previous))
        expect(True, after.time >= held[-1].time)
        expect(0, other.get("run2").last)

    def test_a_snapshot_is_lines_that_any_language_can_read(self, ledger: Ledger) -> None:
        """A header with version, context, count and head; then every entry, canonical, in order."""
        held = fill(ledger, "run1", 3)
        header, *lines = b"".join(lines_of(b"".join(ledger.snapshot("run1")))).decode().splitlines()
        expect(
            f'{{"context":"run1","count":3,"head":"{held[-1].hash}","version":"converge.ledger.snapshot/1"}}', header
        )
        expect(
            f'{{"context":"run1","hash":"{held[0].hash}","id":"e1","key":"facts","metadata":{{"number":"1"}},'
            f'"payload":"cGF5bG9hZCAx","previous":"{GENESIS_HASH}","sequence":1,"time":"{held[0].time}"}}',
            lines[0],
        )
        expect(3, len(lines))

    def test_a_snapshot_of_nothing_is_an_error(self, ledger: Ledger) -> None:
        """Nobody should keep one and believe that it holds something."""
        expect_error(ContextUnknownError, lambda: list(ledger.snapshot("run1")))

    def test_a_snapshot_is_of_one_moment(self, ledger: Ledger, other: Ledger) -> None:
        """What is appended while it is taken is not in it, and it is whole."""
        fill(ledger, "run1", 2000, payload=bytes(range(256)) * 4)
        chunks = ledger.snapshot("run1")
        first = next(chunks)
        ledger.append("run1", some(5, 5000))
        expect(2000, other.load([first, *chunks]).count)

    def test_nothing_is_loaded_into_a_context_that_has_entries(self, ledger: Ledger, other: Ledger) -> None:
        """Not twice, not over others' entries, not into its own ledger."""
        fill(ledger, "run1", 3)
        packed = list(ledger.snapshot("run1"))
        other.load(packed)
        for target in (other, ledger):
            error = expect_error(ContextNotEmptyError, lambda target=target: target.load(packed))  # type: ignore[misc]
            expect("run1", error.where)
        expect(3, other.get("run1").last)

    def test_a_snapshot_with_any_byte_changed_is_refused(self, ledger: Ledger, other: Ledger) -> None:
        """One bit anywhere, cut anywhere, anything behind it; nothing of it is written."""
        fill(ledger, "run1", 20)
        packed = b"".join(ledger.snapshot("run1"))
        places = [*range(32), *range(32, len(packed), 17), *range(len(packed) - 48, len(packed))]
        spoilt = [packed[:place] + bytes([packed[place] ^ 1 << place % 8]) + packed[place + 1 :] for place in places]
        spoilt += [packed[:place] for place in places]
        spoilt += [packed[:-1], packed + b"\x00", packed + packed, b"", b"not a snapshot"]
        for data in spoilt:
            expect_error(SnapshotInvalidError, lambda data=data: other.load([data]))  # type: ignore[misc]
        expect(0, other.get("run1").last)
        expect(20, other.load([packed]).count)

    def test_a_snapshot_that_was_rewritten_is_refused(self, ledger: Ledger, other: Ledger) -> None:
        """Entries dropped, reordered, doubled, changed, of another context; another header; lines in another form."""
        fill(ledger, "run1", 5)
        ledger.append("run2", some(5))
        packed, foreign = (b"".join(ledger.snapshot(name)) for name in ("run1", "run2"))
        taken = lines_of(foreign)[1]
        changes: list[Callable[[list[bytes]], list[bytes]]] = [
            lambda lines: lines[:-1],
            lambda lines: lines[1:],
            lambda lines: lines[:1],
            lambda lines: [*lines[:2], lines[3], lines[2], *lines[4:]],
            lambda lines: [*lines, lines[-1]],
            lambda lines: [lines[0], taken, *lines[2:]],
            lambda lines: [*lines[:2], lines[2].replace(b'"key":"facts"', b'"key":"evals"'), *lines[3:]],
            lambda lines: [*lines[:2], lines[2].replace(b'{"context"', b'{ "context"'), *lines[3:]],
            lambda lines: [*lines[:2], lines[2].replace(b'{"context"', b'{"a":1,"context"'), *lines[3:]],
            lambda lines: [lines[0].replace(b'"count":5', b'"count":6'), *lines[1:]],
            lambda lines: [lines[0].replace(b"snapshot/1", b"snapshot/2"), *lines[1:]],
            lambda lines: [lines[0].replace(b'"run1"', b'"run3"'), *lines[1:]],
            lambda lines: [*lines[:-1], lines[-1].rstrip(b"\n")],
            lambda lines: [*lines, b"x" * 3_000_000],
        ]
        for change in changes:
            data = repacked(packed, change)
            expect_error(SnapshotInvalidError, lambda data=data: other.load(data))  # type: ignore[misc]
        expect([0, 0, 0], [other.get(name).last for name in ("run1", "run2", "run3")])
        expect(5, other.load(repacked(packed, list)).count)
