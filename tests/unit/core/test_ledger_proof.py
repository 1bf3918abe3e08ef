"""The ledger's hashes and trees, against their definitions and against every small change."""

import hashlib
import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from converge_cli._internal import merkle
from converge_cli.core.ledger import GENESIS_HASH, LedgerEntry, NewEntry, Tail, entry_hash, extend, seal
from converge_cli.core.ledger_errors import LedgerUnverifiedError
from converge_cli.core.ledger_proof import check_chain, merkle_root, prove, proves

NOW = "2026-11-21T14:03:00.000000Z"


def chain(count: int) -> list[LedgerEntry]:
    """A context of entries."""
    new = [NewEntry(f"e{number}", "facts", bytes([number % 256]), {"n": str(number)}) for number in range(count)]
    return extend("run1", new, {}, None, NOW)[0]


def tree(leaves: list[bytes]) -> bytes:
    """The root by the recursive definition of RFC 6962, section 2.1."""
    if len(leaves) <= 1:
        return leaves[0] if leaves else hashlib.sha256(b"").digest()
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return hashlib.sha256(b"\x01" + tree(leaves[:split]) + tree(leaves[split:])).digest()


def test_the_root_is_that_of_the_rfcs_own_definition():
    """Every size up to 70: full trees, one more, one less."""
    leaves = [hashlib.sha256(bytes([number])).digest() for number in range(70)]
    for size in range(71):
        assert tree(leaves[:size]) == merkle.root(leaves[:size])


def test_the_root_is_that_of_the_known_test_vectors():
    """Those of Certificate Transparency: eight given leaves, roots that other programs compute."""
    data = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
    leaves = [hashlib.sha256(b"\x00" + bytes.fromhex(item)).digest() for item in data]
    assert "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d" == merkle.root(leaves[:1]).hex()
    assert "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328" == merkle.root(leaves).hex()


@given(size=st.integers(1, 60), data=st.data())
def test_a_proof_shows_its_leaf_and_nothing_else(size: int, data: st.DataObject):
    """Another leaf, place, size, root or a changed hash is not shown."""
    leaves = [hashlib.sha256(bytes([number])).digest() for number in range(size)]
    index = data.draw(st.integers(0, size - 1))
    root, proof = merkle.root(leaves), merkle.inclusion_proof(leaves, index)
    assert merkle.includes(root, size, index, leaves[index], proof)
    assert not merkle.includes(root, size, index, hashlib.sha256(b"other").digest(), proof)
    assert not merkle.includes(bytes(32), size, index, leaves[index], proof)
    assert not merkle.includes(root, size, size, leaves[index], proof)
    assert not merkle.includes(root, size, index, leaves[index], (*proof, bytes(32)))
    if proof:
        spoilt = data.draw(st.integers(0, len(proof) - 1))
        changed = [bytes(32) if place == spoilt else item for place, item in enumerate(proof)]
        assert not merkle.includes(root, size, index, leaves[index], changed)
        assert not merkle.includes(root, size, index, leaves[index], proof[:-1])


def test_the_hash_is_computed_as_the_protocol_says():
    """By the standard library alone, over canonical JSON."""
    entry = chain(3)[2]
    content = json.dumps(
        {"context": "run1", "id": "e2", "key": "facts", "metadata": {"n": "2"}, "payload": "Ag==", "sequence": 3,
         "time": NOW},
        sort_keys=True, separators=(",", ":"),
    )  # fmt: skip
    expected = hashlib.sha256(b"\0" + bytes.fromhex(entry.previous) + content.encode()).hexdigest()
    assert (expected, expected) == (entry.hash, entry_hash(entry).hex())


@pytest.mark.parametrize("field", LedgerEntry.__struct_fields__)
def test_every_field_is_under_the_hash(field: str):
    """A ledger that changes any of them is caught, at the sequence of the change."""
    other = {
        "context": "run2", "id": "x", "key": "evals", "payload": b"x", "metadata": {}, "sequence": 9, "time": "Z",
        "previous": GENESIS_HASH, "hash": GENESIS_HASH,
    }  # fmt: skip
    entries = chain(5)
    entries[2] = msgspec.structs.replace(entries[2], **{field: other[field]})
    with pytest.raises(LedgerUnverifiedError) as caught:
        check_chain("run1", entries)
    assert "run1:3" == caught.value.where


def test_a_chain_that_hashes_but_is_no_history_is_refused():
    """Made by somebody who can hash: an id twice, a time that goes back, a beginning that is not the first."""
    first = seal("run1", NewEntry("e1", "facts"), 1, NOW, GENESIS_HASH)
    twice = seal("run1", NewEntry("e1", "facts", b"x"), 2, NOW, first.hash)
    back = seal("run1", NewEntry("e2", "facts"), 2, "2026-11-21T14:02:00.000000Z", first.hash)
    late = seal("run1", NewEntry("e2", "facts"), 2, NOW, GENESIS_HASH)
    for entries in ([first, twice], [first, back], [late], [first, late]):
        with pytest.raises(LedgerUnverifiedError):
            check_chain("run1", entries)


def test_time_never_goes_back_in_a_context():
    """Not even when the clock does, so that a loaded context goes on from its own last time."""
    last = Tail(7, "2026-11-21T15:00:00.000000Z", "ab" * 32)
    answer, fresh = extend("run1", [NewEntry("e1", "facts")], {}, last, NOW)
    assert [(8, last.time, last.hash)] == [(entry.sequence, entry.time, entry.previous) for entry in answer]
    assert answer == fresh


def test_a_proof_that_was_made_up_shows_nothing():
    """Hex that is none, and an entry at another place."""
    entries = chain(4)
    leaves = check_chain("run1", entries).leaves
    proof, root = prove(leaves, 2), merkle_root(leaves)
    assert proves(proof, entries[1], root)
    assert not proves(msgspec.structs.replace(proof, hashes=("zz",)), entries[1], root)
    assert not proves(msgspec.structs.replace(proof, index=2), entries[1], root)
