"""Merkle trees as RFC 6962 (section 2.1) defines them, over leaf hashes: root, inclusion proof, its verification.

Inner nodes are SHA-256(0x01 || left || right). Must never hash a leaf: that is the owner's, with a leading 0x00.
"""

from collections.abc import Iterable, Sequence
from hashlib import sha256

EMPTY_ROOT = sha256(b"").digest()
"""The root of a tree without leaves."""


def root(leaves: Iterable[bytes]) -> bytes:
    """The tree's root, 32 bytes; leaves are looked at once and not kept."""
    # Roots of the full subtrees so far, by falling size: as the binary digits of the number of leaves.
    peaks: list[bytes] = []
    for count, leaf in enumerate(leaves):
        node, size = leaf, count
        while size & 1:
            node = _inner(peaks.pop(), node)
            size >>= 1
        peaks.append(node)
    if not peaks:
        return EMPTY_ROOT
    node = peaks.pop()
    while peaks:
        node = _inner(peaks.pop(), node)
    return node


def inclusion_proof(leaves: Sequence[bytes], index: int) -> tuple[bytes, ...]:
    """The hashes beside the path from a leaf to the root, the lowest first (RFC 6962, 2.1.1).

    Raises:
        IndexError: no such leaf.
    """
    if not 0 <= index < len(leaves):
        raise IndexError(f"no leaf {index} among {len(leaves)}")
    path: list[bytes] = []
    low, high = 0, len(leaves)
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            path.append(root(leaves[middle:high]))
            high = middle
        else:
            path.append(root(leaves[low:middle]))
            low = middle
    return tuple(reversed(path))


def includes(root_hash: bytes, size: int, index: int, leaf: bytes, proof: Sequence[bytes]) -> bool:
    """Whether the proof shows that the tree of `size` leaves with this root holds `leaf` at `index`.

    The check of RFC 9162, section 2.1.3.2.
    """
    if not 0 <= index < size:
        return False
    node, first, last = leaf, index, size - 1
    for beside in proof:
        if last == 0:
            return False
        if first & 1 or first == last:
            node = _inner(beside, node)
            while not first & 1 and first:
                first, last = first >> 1, last >> 1
        else:
            node = _inner(node, beside)
        first, last = first >> 1, last >> 1
    return last == 0 and node == root_hash


def _inner(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


def _split(size: int) -> int:
    """The largest power of two below a size of two or more."""
    return 1 << ((size - 1).bit_length() - 1)
