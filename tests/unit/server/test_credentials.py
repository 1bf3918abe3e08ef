"""Who calls, by key: what opens, what does not, what is told to whom."""

import threading
from decimal import Decimal

import pytest

from converge_cli.app.jobs.caller import Caller
from converge_cli.app.jobs.keys import KeySetting, new_key, revoke_key
from converge_cli.core.role import Role
from converge_cli.server.credentials import MOST_LENGTH, Credentials, UnauthorizedError
from converge_cli.store.keys_memory import MemoryKeys
from converge_cli.testing.manual_clock import ManualClock


class Desk:
    """Credentials over a ring of their own, with what was noted."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        numbers = iter(range(1, 1000))
        self.keys = KeySetting(MemoryKeys(), self.clock, lambda size: next(numbers).to_bytes(size, "big"), lasting=True)
        self.noted: list[str] = []
        self.credentials = Credentials(self.keys.ring, self.clock, note=self.noted.append)

    def refusal(self, authorization: str) -> str:
        """What is noted of a credential that is refused; fails when it is not."""
        with pytest.raises(UnauthorizedError) as refused:
            self.credentials.caller(authorization, "10.0.0.7")
        assert UnauthorizedError().message == refused.value.message
        assert (UnauthorizedError().hint, "Authorization") == (refused.value.hint, refused.value.where)
        assert refused.value.__cause__ is None
        return self.noted[-1]


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_a_key_names_its_person_and_roles(desk: Desk) -> None:
    """However the scheme is spelt."""
    made = new_key(desk.keys, "mona", [Role.DECIDE, Role.SUBMIT])
    mona = Caller("mona", frozenset({Role.SUBMIT, Role.DECIDE}))
    for scheme in ("Bearer", "bearer", "BEARER"):
        assert mona == desk.credentials.caller(f"{scheme} {made.secret}")
    assert [] == desk.noted


@pytest.mark.parametrize(
    ("form", "why"),
    [
        ("", "there is none"),
        ("Bearer", "not the form of a key"),
        ("Bearer ", "not the form of a key"),
        ("{secret}", "it is not Bearer"),
        ("Basic {secret}", "it is not Bearer"),
        ("Bearer  {secret}", "not the form of a key"),
        ("Bearer {secret} ", "not the form of a key"),
        ("Bearer {secret}\r\nX-Person: root", "not the form of a key"),
        ("Bearer {secret}, Bearer {secret}", "not the form of a key"),
        ("Bearer\t{secret}", "it is not Bearer"),
        ("Bearer " + "x" * MOST_LENGTH, "too long"),
        ("Bearer cvk_" + "0" * 43, "there is no such key"),
        ("Bearer {id}", "not the form of a key"),
        ("Bearer {digest}", "not the form of a key"),
        ("Bearer cvk_%", "not the form of a key"),
        ("Bearer é", "not the form of a key"),
        ("Bearer eyJhbGciOiJub25lIn0.e30.", "no tokens are taken"),
    ],
)
def test_whatever_is_no_key_is_refused_in_the_same_words(desk: Desk, form: str, why: str) -> None:
    """The log says why and from where, and has nothing of what was sent."""
    made = new_key(desk.keys, "mona", [Role.READ])
    sent = form.format(secret=made.secret, id=made.key.id, digest=made.key.digest)
    noted = desk.refusal(sent)
    assert noted.startswith("credentials: refused from 10.0.0.7: ")
    assert why in noted
    for word in (made.secret, made.key.digest, "root", "eyJ"):
        assert word not in noted


def test_an_expired_and_a_revoked_key_open_nothing_from_that_moment_on(desk: Desk) -> None:
    """Nothing is kept from an earlier look; the log names the key by its id."""
    brief = new_key(desk.keys, "mona", [Role.READ], seconds=Decimal(60))
    other = new_key(desk.keys, "carl", [Role.READ])
    assert "mona" == desk.credentials.caller(f"Bearer {brief.secret}").person
    assert "carl" == desk.credentials.caller(f"Bearer {other.secret}").person
    desk.clock.advance(60)
    revoke_key(desk.keys, other.key.id)
    assert f"key {brief.key.id} of mona is expired" in desk.refusal(f"Bearer {brief.secret}")
    assert f"key {other.key.id} of carl is revoked" in desk.refusal(f"Bearer {other.secret}")


def test_nobody_fills_the_log_with_refusals(desk: Desk) -> None:
    """Ten in a second are told; of the others how many they were, with the first one afterwards."""
    threads = [threading.Thread(target=desk.refusal, args=("Bearer x",)) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 10 == len(desk.noted)
    desk.clock.advance(1)
    desk.refusal("Bearer x")
    assert ["credentials: 40 more were refused"] == desk.noted[10:11]
    assert 12 == len(desk.noted)
