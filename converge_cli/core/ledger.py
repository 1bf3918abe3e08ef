"""The ledger's words: entries, pages, limits, and the hash that binds each entry to the one before it.

The ledger remembers that something happened, never why. Nothing here may be read by the engine.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import msgspec

from converge_cli._internal.canonical_json import encode
from converge_cli._internal.hashing import GENESIS, chain_link
from converge_cli.core.ledger_errors import EntryConflictError, EntryTooLargeError, LedgerRequestError

MIRROR_KEYS = ("facts", "intents", "traces", "proposals", "evals")
"""The keys under which runs are mirrored; callers may use any other."""

GENESIS_HASH = GENESIS.hex()
"""`previous` of a context's first entry."""

MAX_PAYLOAD = 1 << 20
"""Bytes that one payload may have."""

MAX_WEIGHT = 4 << 20
"""Bytes that one append, or one page, may have; see `weight`."""

MAX_ENTRIES = 1000
"""Entries that one append, or one page, may have."""

MAX_METADATA = 16
MAX_METADATA_VALUE = 512
"""Characters that a value of the metadata may have."""

_OVERHEAD = 512
"""What an entry weighs besides payload and metadata: ids, hashes, time, framing."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:@/+-]{0,127}")
_NAME_RULE = "1 to 128 letters, digits or . _ : @ / + -, beginning with a letter or digit"


class NewEntry(msgspec.Struct, frozen=True, gc=False):
    """What a caller hands in.

    Attributes:
        id: the caller's own, unique in its context: the same id with the same content is a retry.
        key: one of `MIRROR_KEYS`, or any other name.
        payload: bytes that the ledger never looks at.
        metadata: a few texts by name.
    """

    id: str
    key: str
    payload: bytes = b""
    metadata: Mapping[str, str] = {}


class LedgerEntry(msgspec.Struct, frozen=True, gc=False):
    """What the ledger holds.

    Attributes:
        sequence: gapless from 1 in its context.
        time: UTC; never before that of the entry before it.
        previous: hash of the entry before it, hex; `GENESIS_HASH` for the first.
        hash: SHA-256 over `previous` and everything else, hex; see `entry_hash`.
    """

    context: str
    id: str
    key: str
    payload: bytes
    metadata: Mapping[str, str]
    sequence: int
    time: str
    previous: str
    hash: str


class _Content(msgspec.Struct, frozen=True, gc=False):
    """What the hash of an entry covers besides the hash before it."""

    context: str
    id: str
    key: str
    payload: bytes
    metadata: Mapping[str, str]
    sequence: int
    time: str


class LedgerPage(msgspec.Struct, frozen=True):
    """One page of a context.

    Attributes:
        last: the context's last sequence when the page was read; 0 for a context without entries.
        more: whether entries that were asked for follow the last one of this page.
    """

    entries: tuple[LedgerEntry, ...]
    last: int
    more: bool

    def next_after(self) -> int:
        """After which sequence to go on."""
        return self.entries[-1].sequence if self.more else self.last


class Tail(NamedTuple):
    """What the next entry has to follow: the context's last."""

    sequence: int
    time: str
    hash: str


class Heartbeat(msgspec.Struct, frozen=True):
    """Nothing new for a while; the watcher has seen all up to `sequence`."""

    sequence: int


class LedgerHead(msgspec.Struct, frozen=True):
    """How far a context has come: number of entries and hash of the last one, hex."""

    context: str
    count: int
    head: str


def content_bytes(entry: LedgerEntry) -> bytes:
    """Canonical JSON of an entry without `previous` and `hash`; the payload is base64."""
    return encode(
        _Content(entry.context, entry.id, entry.key, entry.payload, entry.metadata, entry.sequence, entry.time)
    )


def entry_hash(entry: LedgerEntry) -> bytes:
    """SHA-256(0x00 || previous hash || content), 32 bytes.

    This is at once the link of the chain and the RFC 6962 leaf hash of (previous hash || content).

    Raises:
        ValueError: `previous` is not hex.
    """
    return chain_link(bytes.fromhex(entry.previous), content_bytes(entry))


def seal(context: str, new: NewEntry, sequence: int, time: str, previous: str) -> LedgerEntry:
    """The entry that a new one becomes at its place in the chain."""
    content = _Content(context, new.id, new.key, new.payload, new.metadata, sequence, time)
    link = chain_link(bytes.fromhex(previous), encode(content)).hex()
    return LedgerEntry(context, new.id, new.key, new.payload, new.metadata, sequence, time, previous, link)


def weight(entry: NewEntry | LedgerEntry) -> int:
    """About how many bytes an entry takes on its way."""
    total = len(entry.payload) + _OVERHEAD
    for name, value in entry.metadata.items():
        total += len(name) + 4 * len(value)
    return total


def check_context(context: str) -> str:
    """The context, when it is one.

    Raises:
        LedgerRequestError: it is no name.
    """
    return _name(context, "a context")


def check_new(context: str, entries: Sequence[NewEntry]) -> None:
    """Refuse what no ledger may take, before anything is written.

    Raises:
        LedgerRequestError: a name, the metadata, or the number of entries is wrong.
        EntryTooLargeError: an entry, or all of them together, are too large.
    """
    check_context(context)
    if not 1 <= len(entries) <= MAX_ENTRIES:
        raise LedgerRequestError(f"an append takes 1 to {MAX_ENTRIES} entries, not {len(entries)}", where=context)
    known: set[str] = set()
    total = 0
    for entry in entries:
        _name(entry.id, "an entry id")
        if entry.key not in known:
            known.add(_name(entry.key, "a key"))
        _check_metadata(entry, known)
        if len(entry.payload) > MAX_PAYLOAD:
            raise EntryTooLargeError(entry.id, len(entry.payload), MAX_PAYLOAD)
        total += weight(entry)
    if total > MAX_WEIGHT:
        raise EntryTooLargeError(f"{len(entries)} entries together", total, MAX_WEIGHT)


def check_query(context: str, key: str | None, after: int, limit: int = 1) -> None:
    """Refuse a question that has no answer.

    Raises:
        LedgerRequestError: a name or number is out of range.
    """
    check_context(context)
    if key is not None:
        _name(key, "a key")
    if not 0 <= after < 1 << 63:
        raise LedgerRequestError(f"a sequence to read after is 0 or more, not {after}", where=context)
    if not 1 <= limit <= MAX_ENTRIES:
        raise LedgerRequestError(f"a page has 1 to {MAX_ENTRIES} entries, not {limit}", where=context)


def extend(
    context: str, entries: Iterable[NewEntry], known: Mapping[str, LedgerEntry], last: Tail | None, now: str
) -> tuple[list[LedgerEntry], list[LedgerEntry]]:
    """Decide what an append comes to.

    Args:
        known: entries that the context holds under one of the new ids; others are not looked at.
        last: the context's last entry.
        now: the clock's time; entries never go back behind the last one's.

    Returns:
        The entry of each new one in their order, and those of them that have to be written.

    Raises:
        EntryConflictError: an id is taken by an entry with other content.
    """
    sequence, previous, time = (0, GENESIS_HASH, now) if last is None else (last.sequence, last.hash, last.time)
    time = max(time, now)
    by_id, answer, fresh = dict(known), [], []
    for new in entries:
        entry = by_id.get(new.id)
        if entry is None:
            sequence += 1
            entry = by_id[new.id] = seal(context, new, sequence, time, previous)
            previous = entry.hash
            fresh.append(entry)
        elif (entry.key, entry.payload, entry.metadata) != (new.key, new.payload, new.metadata):
            raise EntryConflictError(context, new.id, entry.sequence)
        answer.append(entry)
    return answer, fresh


def cut_page(found: Iterable[LedgerEntry], limit: int, last: int) -> LedgerPage:
    """The page that entries make, in order: at most `limit` of them and at most `MAX_WEIGHT`, at least one."""
    entries: list[LedgerEntry] = []
    total = 0
    for entry in found:
        total += weight(entry)
        if len(entries) == limit or (entries and total > MAX_WEIGHT):
            return LedgerPage(tuple(entries), last, more=True)
        entries.append(entry)
    return LedgerPage(tuple(entries), last, more=False)


def _name(text: str, what: str) -> str:
    if _NAME.fullmatch(text) is None:
        raise LedgerRequestError(f"{text[:80]!r} is not {what}", hint=f"use {_NAME_RULE}")
    return text


def _check_metadata(entry: NewEntry, known: set[str]) -> None:
    """`known`: names that were looked at; those of a batch are mostly the same few."""
    if len(entry.metadata) > MAX_METADATA:
        raise LedgerRequestError(
            f"metadata has {len(entry.metadata)} names; {MAX_METADATA} are allowed",
            hint="put the rest into the payload",
            where=entry.id,
        )
    for name, value in entry.metadata.items():
        if name not in known:
            known.add(_name(name, "a name of metadata"))
        if len(value) > MAX_METADATA_VALUE or not value.isascii():
            _check_value(entry.id, name, value)


def _check_value(entry: str, name: str, value: str) -> None:
    try:
        value.encode()
    except UnicodeEncodeError:
        raise LedgerRequestError(f"metadata {name} is not a text", where=entry) from None
    if len(value) > MAX_METADATA_VALUE:
        raise LedgerRequestError(
            f"metadata {name} has {len(value)} characters; {MAX_METADATA_VALUE} are allowed",
            hint="put it into the payload",
            where=entry,
        )
