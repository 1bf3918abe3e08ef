"""Verification of a ledger by its reader, from the entries that Get gave: the ledger itself is not believed."""

from collections.abc import Iterable, Sequence

import msgspec

from converge_cli._internal import merkle
from converge_cli.core.ledger import GENESIS_HASH, LedgerEntry, LedgerHead, entry_hash
from converge_cli.core.ledger_errors import LedgerUnverifiedError


class InclusionProof(msgspec.Struct, frozen=True):
    """Shows, with the root alone, that a context holds an entry at its place.

    Attributes:
        leaf: hash of the entry, hex.
        index: its sequence minus one.
        size: number of entries under the root.
        hashes: the hashes beside its path to the root, the lowest first, hex.
        root: RFC 6962 root over the hashes of all entries, hex.
    """

    leaf: str
    index: int
    size: int
    hashes: tuple[str, ...]
    root: str


class ChainCheck:
    """Follows the chain of one context from its first entry, one entry at a time.

    Attributes:
        leaves: the hashes of all entries so far, 32 bytes each: what roots and proofs are made of.
    """

    def __init__(self, context: str) -> None:
        self.context = context
        self.leaves: list[bytes] = []
        self._head = GENESIS_HASH
        self._time = ""
        self._ids: set[str] = set()

    def take(self, entry: LedgerEntry) -> None:
        """Check that an entry is the next one.

        Raises:
            LedgerUnverifiedError: naming context, sequence and what is wrong.
        """
        sequence = len(self.leaves) + 1
        wrong = self._wrong(entry, sequence)
        leaf = b"" if wrong else entry_hash(entry)
        if not wrong and leaf.hex() != entry.hash:
            wrong = "the entry does not hash to its hash"
        if wrong:
            raise LedgerUnverifiedError(self.context, sequence, wrong)
        self.leaves.append(leaf)
        self._head, self._time = entry.hash, entry.time
        self._ids.add(entry.id)

    def head(self) -> LedgerHead:
        """How far the chain holds."""
        return LedgerHead(self.context, len(self.leaves), self._head)

    def _wrong(self, entry: LedgerEntry, sequence: int) -> str:
        if entry.sequence != sequence:
            return f"sequence {entry.sequence} comes where {sequence} belongs"
        if entry.context != self.context:
            return f"an entry of context {entry.context[:80]}"
        if entry.previous != self._head:
            return "the entry does not follow the one before it"
        if entry.id in self._ids:
            return f"entry id {entry.id[:80]} comes twice"
        return f"time goes back to {entry.time[:40]}" if entry.time < self._time else ""


def check_chain(context: str, entries: Iterable[LedgerEntry]) -> ChainCheck:
    """Check all entries of a context, from the first.

    Raises:
        LedgerUnverifiedError: the first entry that is wrong.
    """
    check = ChainCheck(context)
    for entry in entries:
        check.take(entry)
    return check


def merkle_root(leaves: Iterable[bytes]) -> str:
    """RFC 6962 root over entry hashes, hex."""
    return merkle.root(leaves).hex()


def prove(leaves: Sequence[bytes], sequence: int) -> InclusionProof:
    """The proof that the entry with this sequence is among these.

    Raises:
        IndexError: there is none.
    """
    index = sequence - 1
    hashes = tuple(item.hex() for item in merkle.inclusion_proof(leaves, index))
    return InclusionProof(leaves[index].hex(), index, len(leaves), hashes, merkle_root(leaves))


def proves(proof: InclusionProof, entry: LedgerEntry, root: str) -> bool:
    """Whether a proof shows that this very entry is under this root."""
    try:
        leaf, path = entry_hash(entry), [bytes.fromhex(item) for item in proof.hashes]
        believed = bytes.fromhex(root)
    except ValueError:
        return False
    return entry.sequence == proof.index + 1 and merkle.includes(believed, proof.size, proof.index, leaf, path)
