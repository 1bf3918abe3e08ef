"""Keys: how a secret is made and known again, how long it opens anything, whose the first one is."""

import re
import string
from decimal import Decimal
from itertools import count

import pytest

from converge_cli._internal.system import random_bytes
from converge_cli.app.jobs.keys import KeyInvalidError, KeySetting, first_key, key_data, new_key, revoke_key
from converge_cli.core.api_key import SECRET_BYTES, digest_of, secret_of
from converge_cli.core.role import Role
from converge_cli.store.keys_memory import MemoryKeys
from converge_cli.testing.manual_clock import ManualClock


@pytest.fixture
def setting() -> KeySetting:
    """An empty ring; secrets are 1, 2, 3 ..."""
    numbers = count(1)
    return KeySetting(MemoryKeys(), ManualClock(), lambda size: next(numbers).to_bytes(size, "big"), lasting=True)


@pytest.mark.parametrize(
    ("random", "secret"),
    [
        (bytes(31) + b"\x00", "cvk_" + "0" * 43),
        (bytes(31) + b"\x3e", "cvk_" + "0" * 41 + "10"),
        (b"\xff" * 32, "cvk_yhjskwdA6OZ1AL1YmHWZWm8LLG7HjnuCA2j5rOw8Xp1"),
    ],
)
def test_a_secret_is_all_its_random_bits_in_base_62(random: bytes, secret: str) -> None:
    """Always as long, so that nothing is lost at the beginning."""
    assert secret == secret_of(random)
    number = 0
    for digit in secret[4:]:
        number = number * 62 + (string.digits + string.ascii_uppercase + string.ascii_lowercase).index(digit)
    assert int.from_bytes(random, "big") == number


def test_every_secret_is_another_and_is_known_by_its_form() -> None:
    """From the real source; what has another form is no secret, so it is not even looked up."""
    secrets = {secret_of(random_bytes(SECRET_BYTES)) for _ in range(200)}
    assert 200 == len(secrets)
    for secret in secrets:
        assert re.fullmatch("cvk_[0-9A-Za-z]{43}", secret)
        assert digest_of(secret) is not None
        for wrong in (secret + "\n", secret + "x", secret[:-1], secret.upper(), f" {secret}", "é" + secret[1:], ""):
            assert digest_of(wrong) is None


def test_a_key_opens_something_until_its_time_is_up_and_not_at_it(setting: KeySetting) -> None:
    """To the microsecond; revoking comes first."""
    made = new_key(setting, "mona", [Role.DECIDE], seconds=Decimal("1.5"))
    created, until = made.key.created_at, made.key.expires_at
    assert until.endswith(".500000Z")
    just_before = until.replace(".500000Z", ".499999Z")
    assert ("valid", "valid", "expired") == tuple(map(made.key.standing, (created, just_before, until)))
    assert "revoked" == revoke_key(setting, made.key.id).standing(until)


def test_the_first_key_operates_and_decides_nothing(setting: KeySetting) -> None:
    """It is nobody's of people.yaml; there is one, also when it was revoked."""
    made = first_key(setting)
    assert made is not None
    assert ("operator", (Role.SUBMIT, Role.READ, Role.OPERATE)) == (made.key.person, made.key.roles)
    assert digest_of(made.secret) == made.key.digest
    assert first_key(setting) is None
    revoke_key(setting, made.key.id)
    assert first_key(setting) is None


def test_there_is_no_first_key_where_somebody_made_one(setting: KeySetting) -> None:
    """`converge keys new` before the first start is enough."""
    new_key(setting, "mona", [Role.READ])
    assert first_key(setting) is None


def test_a_key_as_data_has_nothing_of_its_secret(setting: KeySetting) -> None:
    """Not even its digest."""
    made = new_key(setting, "mona", [Role.READ])
    told = repr(key_data(made.key, made.key.created_at))
    assert made.secret not in told
    assert made.key.digest not in told


@pytest.mark.parametrize("person", ["", "mo na", "-mona", "mona\n", "möna", "m" * 201, "../mona"])
def test_a_key_is_of_somebody_who_can_be(setting: KeySetting, person: str) -> None:
    """Whoever is in a log, a header or a command under that name can't be anything else."""
    with pytest.raises(KeyInvalidError):
        new_key(setting, person, [Role.READ])
    assert [] == list(setting.ring.all())


def test_a_key_without_roles_is_refused(setting: KeySetting) -> None:
    """It would open nothing."""
    with pytest.raises(KeyInvalidError, match="without roles"):
        new_key(setting, "mona", [])
