"""The first key of a store: told once, to whoever starts the server, and only where nothing else opens it."""

from pathlib import Path

import pytest

from converge_cli.app.jobs.caller import LOCAL, Caller, Role
from converge_cli.app.jobs.keys import KeySetting, new_key
from converge_cli.server.access import Access, anybody, whoever_is_known
from converge_cli.settings import InvalidSettingError, TokenSettings
from converge_cli.store.keys_memory import MemoryKeys
from converge_cli.testing.manual_clock import ManualClock


@pytest.fixture
def keys() -> KeySetting:
    """None yet."""
    return KeySetting(MemoryKeys(), ManualClock(), lambda size: b"\x07" * size, lasting=False)


def started(keys: KeySetting, tokens: TokenSettings | None = None) -> tuple[Access, str]:
    """A server's access, and what was told."""
    told: list[str] = []
    return whoever_is_known(keys, tokens, told.append), "\n".join(told)


def test_the_first_start_tells_a_key_that_operates_and_decides_nothing(keys: KeySetting) -> None:
    """It opens what it says; the second start tells none, also where the store is in memory."""
    access, told = started(keys)
    secret = told.split("CONVERGE_API_KEY=")[1].split("\n")[0]
    operator = Caller("operator", frozenset({Role.SUBMIT, Role.READ, Role.OPERATE}))
    assert (operator, ("api_key",)) == (access.caller_of(f"Bearer {secret}", "127.0.0.1"), access.ways)
    assert (1, True) == (told.count(secret), "it is operator's" in told)
    assert "" == started(keys)[1]


def test_no_key_is_made_where_another_credential_opens_the_server(keys: KeySetting, tmp_path: Path) -> None:
    """A secret that nobody needs is one more that can be found in a log."""
    (tmp_path / "secret").write_bytes(b"0123456789abcdef0123456789ABCDEF")
    access, told = started(keys, TokenSettings("HS256", tmp_path / "secret", "converge", "me"))
    assert ("", ("api_key", "jwt"), []) == (told, access.ways, list(keys.ring.all()))


def test_no_key_is_made_where_there_is_one(keys: KeySetting) -> None:
    """`converge keys new` came before."""
    new_key(KeySetting(keys.ring, keys.clock, keys.random, lasting=True), "mona", [Role.READ])
    assert "" == started(keys)[1]
    assert 1 == len(list(keys.ring.all()))


def test_a_server_whose_tokens_can_not_be_checked_does_not_start(keys: KeySetting, tmp_path: Path) -> None:
    """Better none than one that takes less than was meant."""
    with pytest.raises(InvalidSettingError):
        started(keys, TokenSettings("RS256", tmp_path / "none", "converge", "me"))


def test_where_nobody_is_asked_no_credential_is_looked_at() -> None:
    """And none is said to be taken."""
    access = anybody()
    assert ((), LOCAL) == (access.ways, access.caller_of("Bearer anything", ""))
