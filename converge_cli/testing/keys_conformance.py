"""What every adapter of the KeyRing port must do.

    class TestMine(KeysConformance):
        @pytest.fixture
        def ring(self):
            return MyKeys(...)

The fixture gives a new, empty ring each time. Change nothing else. Must never know an adapter.
"""

import threading
from functools import partial
from typing import Any

import msgspec

from converge_cli._internal.hashing import digest_bytes
from converge_cli.core.api_key import ApiKey, KeyExistsError, KeyNotFoundError, KeyRing
from converge_cli.core.role import Role
from converge_cli.testing.experience_conformance import expect, expect_error

EARLY, LATE = "2026-11-21T14:00:00.000000Z", "2026-11-21T15:00:00.000000Z"


def sample_key(name: str, **changes: Any) -> ApiKey:
    """A key as it is kept, different for every name."""
    digest = digest_bytes(name.encode())
    key = ApiKey(digest[:12], digest, "mona", (Role.SUBMIT, Role.DECIDE), name, EARLY)
    return msgspec.structs.replace(key, **changes)


class KeysConformance:
    """The suite; `ring` gives a new, empty one."""

    def test_a_ring_begins_empty(self, ring: KeyRing) -> None:
        """Looking makes nothing."""
        expect([], list(ring.all()))
        expect(None, ring.find(sample_key("a").digest))

    def test_a_key_is_found_by_the_digest_of_its_secret_as_it_was_added(self, ring: KeyRing) -> None:
        """With everything that was said of it; by no other digest, and not by the beginning of its own."""
        key = sample_key("a", expires_at=LATE)
        ring.add(key)
        expect(key, ring.find(key.digest))
        expect(None, ring.find(sample_key("b").digest))
        expect(None, ring.find(key.digest[:12]))
        expect(None, ring.find(""))
        expect(None, ring.find("%"))

    def test_keys_are_listed_in_the_order_in_which_they_were_added(self, ring: KeyRing) -> None:
        """Also those that open nothing any more."""
        added = [sample_key(name) for name in "badce"]
        for key in added:
            ring.add(key)
        ring.revoke(added[1].id, LATE)
        expect([key.id for key in added], [key.id for key in ring.all()])

    def test_no_two_keys_have_one_id_or_one_secret(self, ring: KeyRing) -> None:
        """The one that was there stays as it is."""
        key = sample_key("a")
        ring.add(key)
        for other in (sample_key("b", id=key.id), sample_key("b", digest=key.digest), key):
            expect_error(KeyExistsError, partial(ring.add, other))
        expect([key], list(ring.all()))

    def test_a_revoked_key_stays_and_keeps_when_it_was_revoked_first(self, ring: KeyRing) -> None:
        """So that a list still tells whose it was; the second time changes nothing."""
        key = sample_key("a")
        ring.add(key)
        revoked = msgspec.structs.replace(key, revoked_at=EARLY)
        expect(revoked, ring.revoke(key.id, EARLY))
        expect(revoked, ring.revoke(key.id, LATE))
        expect(revoked, ring.find(key.digest))

    def test_revoking_what_is_not_there_is_told(self, ring: KeyRing) -> None:
        """Also the beginning of an id: nobody revokes a key by mistake."""
        key = sample_key("a")
        ring.add(key)
        for wrong in ("", key.id[:4], key.digest, "%", "zzz"):
            expect_error(KeyNotFoundError, partial(ring.revoke, wrong, LATE))
        expect([key], list(ring.all()))

    def test_the_first_key_is_kept_only_where_there_was_none(self, ring: KeyRing) -> None:
        """A revoked one counts: whoever revoked it did not want another to appear at the next start."""
        first, second = sample_key("a"), sample_key("b")
        expect(True, ring.add_first(first))
        expect(False, ring.add_first(second))
        ring.revoke(first.id, LATE)
        expect(False, ring.add_first(second))
        expect([first.id], [key.id for key in ring.all()])

    def test_of_many_first_keys_at_once_one_is_kept(self, ring: KeyRing) -> None:
        """Two servers that start together print one key."""
        kept: list[bool] = []
        threads = [
            threading.Thread(target=lambda name=name: kept.append(ring.add_first(sample_key(name))))
            for name in "abcdef"
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        expect(1, sum(kept))
        expect(1, len(list(ring.all())))
