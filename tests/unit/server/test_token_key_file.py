"""The file of the keys of tokens, while a server runs: what changed there holds, and nothing that is wrong does."""

import json
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519

from converge_cli.app.jobs.keys import KeySetting
from converge_cli.core.errors import ConvergeError
from converge_cli.server.access import whoever_is_known
from converge_cli.server.token_key_file import LOOK_SECONDS, TokenKeyFile
from converge_cli.settings import InvalidSettingError, TokenSettings
from converge_cli.store.keys_memory import MemoryKeys
from converge_cli.testing.manual_clock import ManualClock

OLD, NEW = ed25519.Ed25519PrivateKey.generate(), ed25519.Ed25519PrivateKey.generate()


def entry(key: Any, kid: str) -> dict[str, Any]:
    """The public half, as sets have it."""
    made: dict[str, Any] = json.loads(jwt.algorithms.OKPAlgorithm.to_jwk(key.public_key()))
    return made | {"kid": kid}


class Desk:
    """A set of keys that is read by a server."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "issuer.jwks.json"
        self.write(old=OLD)
        self.clock = ManualClock()
        self.noted: list[str] = []
        self.settings = TokenSettings("EdDSA", self.path, "converge", "https://id.example.com/")
        self.keys = TokenKeyFile(self.settings, self.clock.monotonic, self.noted.append)

    def write(self, **keys: Any) -> None:
        """The keys that the issuer has from now on."""
        self.path.write_text(json.dumps({"keys": [entry(key, kid) for kid, key in keys.items()]}))

    def knows(self, kid: str) -> bool:
        """Whether a token may name it."""
        try:
            self.keys.key(kid)
        except ValueError:
            return False
        return True


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_a_key_that_the_issuer_adds_is_known_without_a_restart(desk: Desk) -> None:
    """And the old one as long as it stands there."""
    assert [True, False] == [desk.knows(kid) for kid in ("old", "new")]
    desk.write(old=OLD, new=NEW)
    desk.clock.advance(LOOK_SECONDS)
    assert [True, True] == [desk.knows(kid) for kid in ("old", "new")]
    desk.write(new=NEW)
    desk.clock.advance(LOOK_SECONDS)
    assert [False, True] == [desk.knows(kid) for kid in ("old", "new")]
    assert [f"tokens: {desk.path} was read again"] * 2 == desk.noted


def test_a_file_is_looked_at_once_in_a_while_whatever_tokens_name(desk: Desk) -> None:
    """Nobody has a server read files by sending tokens."""
    desk.write(new=NEW)
    assert [False] * 100 == [desk.knows("new") for _ in range(100)]
    desk.clock.advance(LOOK_SECONDS)
    assert desk.knows("new")


@pytest.mark.parametrize("content", ['{"keys": [', '{"keys": []}', None])
def test_a_file_that_is_no_good_any_more_leaves_the_keys_as_they_were(desk: Desk, content: str | None) -> None:
    """Half of it, none of ours, gone: told once, and mended without a restart."""
    if content is None:
        desk.path.unlink()
    else:
        desk.path.write_text(content)
    for _ in range(3):
        desk.clock.advance(LOOK_SECONDS)
        assert desk.knows("old")
    [told] = desk.noted
    assert told.endswith("the keys that were read before hold on")
    desk.write(new=NEW)
    desk.clock.advance(LOOK_SECONDS)
    assert [False, True] == [desk.knows(kid) for kid in ("old", "new")]


def test_a_file_that_a_server_is_let_read_again_is_read_again(desk: Desk) -> None:
    """Whoever may read it is not in the file: what it is changes, and not when it was written."""
    desk.path.chmod(0o600)
    desk.clock.advance(LOOK_SECONDS)
    assert desk.knows("old")
    assert [f"tokens: {desk.path} was read again"] == desk.noted


def test_a_file_that_is_no_good_at_the_start_is_refused(desk: Desk) -> None:
    """Then nothing would open anything."""
    desk.path.write_text("{}")
    with pytest.raises(InvalidSettingError, match="no set of keys"):
        TokenKeyFile(desk.settings, desk.clock.monotonic, desk.noted.append)


def test_a_server_takes_tokens_of_a_key_that_came_later(desk: Desk) -> None:
    """By the way that every server is put together."""
    keys = KeySetting(MemoryKeys(), desk.clock, lambda size: b"x" * size, lasting=True)
    access = whoever_is_known(keys, desk.settings, desk.noted.append)
    about = {"sub": "mona", "iss": desk.settings.issuer, "aud": "converge", "exp": 4_000_000_000}
    token = jwt.encode(about | {"converge_roles": "submit"}, NEW, "EdDSA", headers={"kid": "new"})
    with pytest.raises(ConvergeError, match="credential"):
        access.caller_of(f"Bearer {token}", "")
    desk.write(new=NEW)
    desk.clock.advance(LOOK_SECONDS)
    assert "mona" == access.caller_of(f"Bearer {token}", "").person
