"""JSON web tokens: one algorithm, issuer, audience and type; everything that is known to be tried against them."""

import base64
import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization as s
from cryptography.hazmat.primitives.asymmetric import ed448, ed25519, rsa

from converge_cli.app.jobs.caller import Caller
from converge_cli.app.settings_file import InvalidSettingsError
from converge_cli.core.role import Role
from converge_cli.server.credentials import Credentials, UnauthorizedError
from converge_cli.server.token_keys import read_token_keys
from converge_cli.server.token_reader import TokenReader
from converge_cli.settings import TOKEN_VARIABLES, InvalidSettingError, TokenSettings, load_token_settings
from converge_cli.store.keys_memory import MemoryKeys
from converge_cli.testing.manual_clock import START, ManualClock

NOW = int(datetime.fromisoformat(START).timestamp())
SECRET = b"0123456789abcdef0123456789ABCDEF"
RSA = rsa.generate_private_key(65537, 2048)
OTHER_RSA = rsa.generate_private_key(65537, 2048)
ED = ed25519.Ed25519PrivateKey.generate()
ISSUER, AUDIENCE = "https://id.example.com/", "converge"
PRIVATE: dict[str, Any] = {"HS256": SECRET, "RS256": RSA, "EdDSA": ED}


def pem(key: Any) -> bytes:
    """The public half, as files have it."""
    data: bytes = key.public_key().public_bytes(s.Encoding.PEM, s.PublicFormat.SubjectPublicKeyInfo)
    return data


def jwk(key: Any, **more: Any) -> dict[str, Any]:
    """The public half, as sets have it."""
    algorithm = jwt.algorithms.RSAAlgorithm if isinstance(key, rsa.RSAPrivateKey) else jwt.algorithms.OKPAlgorithm
    made: dict[str, Any] = json.loads(algorithm.to_jwk(key.public_key()))
    return made | more


def claims(**changes: Any) -> dict[str, Any]:
    """Good ones, changed; None leaves one out."""
    good = {"sub": "mona", "iss": ISSUER, "aud": AUDIENCE, "exp": NOW + 60, "converge_roles": ["submit", "decide"]}
    return {name: value for name, value in (good | changes).items() if value is not None}


def part(data: Any) -> str:
    """One part of a token."""
    raw = data if isinstance(data, bytes) else json.dumps(data).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


class Issuer:
    """Makes tokens, and has what takes them."""

    def __init__(self, folder: Path, algorithm: str) -> None:
        self.file = folder / "key"
        self.file.write_bytes(SECRET + b"\n" if algorithm == "HS256" else pem(PRIVATE[algorithm]))
        self.settings = TokenSettings(algorithm, self.file, AUDIENCE, ISSUER)
        self.clock = ManualClock()
        self.noted: list[str] = []

    def token(self, key: Any = None, *, algorithm: str | None = None, header: Any = None, **changes: Any) -> str:
        """A token, good but for what is said."""
        chosen = algorithm or self.settings.algorithm
        return jwt.encode(claims(**changes), key or PRIVATE[chosen], chosen, headers=header)

    def caller(self, token: str) -> Caller:
        """Whom it names."""
        reader = TokenReader(self.settings, read_token_keys(self.settings), self.clock)
        credentials = Credentials(MemoryKeys(), self.clock, tokens=reader, note=self.noted.append)
        return credentials.caller(f"Bearer {token}")

    def refusal(self, token: str) -> str:
        """What the log says of one that is refused."""
        with pytest.raises(UnauthorizedError):
            self.caller(token)
        return self.noted[-1]


@pytest.fixture(params=["HS256", "RS256", "EdDSA"])
def issuer(request: Any, tmp_path: Path) -> Issuer:
    return Issuer(tmp_path, request.param)


@pytest.fixture
def rsa_issuer(tmp_path: Path) -> Issuer:
    return Issuer(tmp_path, "RS256")


def test_a_token_names_a_person_and_roles(issuer: Issuer) -> None:
    """Of each algorithm that may be chosen."""
    mona = Caller("mona", frozenset({Role.SUBMIT, Role.DECIDE}))
    assert mona == issuer.caller(issuer.token())
    assert mona == issuer.caller(issuer.token(aud=["other", AUDIENCE], nbf=NOW, iat=NOW))


@pytest.mark.parametrize(
    ("given", "roles"),
    [
        ({"converge_roles": "submit read"}, {Role.SUBMIT, Role.READ}),
        ({"converge_roles": None, "scope": "openid converge:operate email"}, {Role.OPERATE}),
        ({"converge_roles": ["read"], "scope": "converge:decide"}, {Role.READ, Role.DECIDE}),
        ({"converge_roles": ["read", "admin", 7, ["operate"], {"operate": 1}]}, {Role.READ}),
        ({"converge_roles": ["read"], "scope": ["converge:operate"]}, {Role.READ}),
        ({"converge_roles": ["read"], "scope": "operate converge:OPERATE xconverge:operate"}, {Role.READ}),
        ({"converge_roles": ["read"], "roles": ["operate"], "role": "operate"}, {Role.READ}),
    ],
)
def test_only_roles_of_ours_that_stand_in_our_claims_count(rsa_issuer: Issuer, given: Any, roles: set[Role]) -> None:
    """What other programs' words mean to them gives nothing here."""
    assert roles == rsa_issuer.caller(rsa_issuer.token(**given)).roles


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"exp": NOW - 30}, "expired"),
        ({"exp": None}, "MissingRequiredClaimError"),
        ({"exp": "9999999999"}, "exp is no time"),
        ({"exp": True}, "exp is no time"),
        ({"exp": float("nan")}, "exp is no time"),
        ({"exp": float("inf")}, "exp is no time"),
        ({"exp": 10**400}, "exp is no time"),
        ({"exp": [NOW + 60]}, "exp is no time"),
        ({"nbf": NOW + 31}, "does not hold yet"),
        ({"nbf": "soon"}, "nbf is no time"),
        ({"iat": NOW + 31}, "does not hold yet"),
        ({"aud": "other"}, "InvalidAudienceError"),
        ({"aud": None}, "MissingRequiredClaimError"),
        ({"aud": []}, "MissingRequiredClaimError"),
        ({"aud": {"converge": 1}}, "InvalidAudienceError"),
        ({"aud": AUDIENCE.upper()}, "InvalidAudienceError"),
        ({"iss": "https://id.example.com"}, "InvalidIssuerError"),
        ({"iss": None}, "MissingRequiredClaimError"),
        ({"iss": [ISSUER]}, "Issuer"),
        ({"sub": None}, "MissingRequiredClaimError"),
        ({"sub": ""}, "no person's id"),
        ({"sub": ["mona"]}, "InvalidSubjectError"),
        ({"sub": "mona\nadmin"}, "no person's id"),
        ({"sub": "mona\u200b"}, "no person's id"),
        ({"sub": "../mona"}, "no person's id"),
        ({"converge_roles": []}, "no role of ours"),
        ({"converge_roles": {"operate": True}}, "no role of ours"),
    ],
)
def test_a_token_of_the_issuer_that_says_something_else_is_refused(issuer: Issuer, changes: Any, why: str) -> None:
    """Times to the second, with the leeway of the settings; nothing is guessed."""
    if "iss" in changes and isinstance(changes["iss"], list):
        token = ".".join(signed({"alg": issuer.settings.algorithm, "typ": "JWT"}, claims(**changes), issuer))
    else:
        token = issuer.token(**changes)
    assert why in issuer.refusal(token)


def signed(header: Any, body: Any, issuer: Issuer) -> tuple[str, str, str]:
    """A token of anything, rightly signed."""
    text = f"{part(header)}.{part(body)}"
    algorithm = jwt.get_algorithm_by_name(issuer.settings.algorithm)
    signature = algorithm.sign(text.encode(), algorithm.prepare_key(PRIVATE[issuer.settings.algorithm]))
    return part(header), part(body), part(signature)


def test_times_have_the_leeway_of_the_settings_and_no_more(issuer: Issuer) -> None:
    """Thirty seconds, at either end."""
    assert issuer.caller(issuer.token(exp=NOW - 29, nbf=NOW + 30, iat=NOW + 30))
    issuer.settings = replace(issuer.settings, leeway=0)
    assert "expired" in issuer.refusal(issuer.token(exp=NOW))
    assert issuer.caller(issuer.token(exp=NOW + 1, nbf=NOW))
    issuer.clock.advance(1)
    assert "expired" in issuer.refusal(issuer.token(exp=NOW + 1))


@pytest.mark.parametrize(
    ("header", "why"),
    [
        ({"typ": "at+jwt"}, "another type"),
        ({"typ": None}, "another type"),
        ({"typ": ["JWT"]}, "another type"),
        ({"crit": ["exp"]}, "InvalidTokenError"),
        ({"b64": False, "crit": ["b64"]}, ""),
        ({"kid": 7}, ""),
    ],
)
def test_a_header_that_asks_for_something_else_is_refused(issuer: Issuer, header: Any, why: str) -> None:
    """A token for another purpose of the same issuer is none for us."""
    whole = {"alg": issuer.settings.algorithm, "typ": "JWT"} | header
    token = ".".join(signed({name: value for name, value in whole.items() if value is not None}, claims(), issuer))
    assert why in issuer.refusal(token)


def test_another_type_is_taken_where_it_is_the_one_that_was_chosen(issuer: Issuer) -> None:
    """Access tokens of RFC 9068 say at+jwt, with or without `application/`."""
    issuer.settings = replace(issuer.settings, type="at+jwt")
    for kind in ("at+jwt", "application/at+jwt", "AT+JWT"):
        assert "mona" == issuer.caller(issuer.token(header={"typ": kind})).person
    assert "another type" in issuer.refusal(issuer.token())


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "nOnE", ""])
def test_a_token_without_a_signature_is_refused(issuer: Issuer, algorithm: str) -> None:
    """However `none` is spelt, with and without something in the place of a signature."""
    head, body, signature = signed({"alg": algorithm, "typ": "JWT"}, claims(), issuer)
    for last in ("", signature, "AA"):
        assert "another algorithm" in issuer.refusal(f"{head}.{body}.{last}")


def test_a_public_key_is_no_secret(rsa_issuer: Issuer) -> None:
    """The best known trick: everybody has the public key, so a token may be signed with it as if it were a secret."""
    algorithm = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256)
    for secret in (pem(RSA), pem(RSA).strip(), json.dumps(jwk(RSA)).encode()):
        text = f"{part({'alg': 'HS256', 'typ': 'JWT'})}.{part(claims())}"
        token = f"{text}.{part(algorithm.sign(text.encode(), secret))}"
        assert "another algorithm" in rsa_issuer.refusal(token)


def test_only_the_algorithm_of_the_settings_is_taken(issuer: Issuer) -> None:
    """Also of keys that would fit: RS512 is none of ours, PS256 neither."""
    for algorithm, key in (("HS256", SECRET), ("HS512", SECRET * 2), ("RS256", RSA), ("RS512", RSA), ("PS256", RSA)):
        if algorithm != issuer.settings.algorithm:
            assert "another algorithm" in issuer.refusal(issuer.token(key, algorithm=algorithm))


def test_a_token_that_was_changed_or_signed_by_another_is_refused(issuer: Issuer) -> None:
    """Body, header and signature belong together."""
    head, body, signature = issuer.token().split(".")
    other = part(claims(sub="root", converge_roles=["operate"]))
    stranger = {"HS256": SECRET[::-1], "RS256": OTHER_RSA, "EdDSA": ed25519.Ed25519PrivateKey.generate()}
    for token in (
        f"{head}.{other}.{signature}",
        f"{part({'alg': issuer.settings.algorithm, 'typ': 'jwt', 'x': 1})}.{body}.{signature}",
        f"{head}.{body}.AAAA{signature[4:]}",
        f"{head}.{body}.",
        issuer.token(stranger[issuer.settings.algorithm]),
    ):
        assert "InvalidSignatureError" in issuer.refusal(token)


def test_a_key_that_a_token_brings_along_is_not_looked_at(rsa_issuer: Issuer) -> None:
    """Neither in `jwk` nor behind an address, and `kid` is no path."""
    for header in (
        {"jwk": jwk(OTHER_RSA)},
        {"jku": "https://evil.example.com/keys"},
        {"x5u": "https://evil.example.com/x"},
        {"kid": "../../../dev/null"},
        {"kid": "' OR 1=1 --"},
    ):
        assert "InvalidSignatureError" in rsa_issuer.refusal(rsa_issuer.token(OTHER_RSA, header=header))


@pytest.mark.parametrize(
    "make",
    [
        lambda good: ".~.",
        lambda good: "a.b.c",
        lambda good: good + ".x",
        lambda good: good.replace(".", ""),
        lambda good: good + "=",
        lambda good: " " + good,
        lambda good: part(b"[" * 5000) + "." + part(claims()) + ".AA",
        lambda good: part({"alg": "RS256", "typ": "JWT"}) + "." + part(b'{"a":' * 3000) + ".AA",
        lambda good: part(b"[]") + "." + part(claims()) + ".AA",
        lambda good: part(b"\xff\xfe") + "." + part(claims()) + ".AA",
        lambda good: good.replace("e", "\u0435"),
    ],
)
def test_what_is_no_token_is_refused_and_nothing_falls_over(rsa_issuer: Issuer, make: Callable[[str], str]) -> None:
    """Whatever it is; the log repeats none of it."""
    good = rsa_issuer.token()
    made = make(good)
    assert made.encode() not in rsa_issuer.refusal(made).encode()


def test_a_set_has_a_key_for_each_name(rsa_issuer: Issuer) -> None:
    """Keys for encryption, of other kinds and other algorithms are passed over; a token must say which, of several."""
    keys = [jwk(RSA, kid="new", use="sig", alg="RS256"), jwk(OTHER_RSA, kid="old")]
    others = [jwk(ED, kid="ed"), jwk(OTHER_RSA, kid="enc", use="enc"), {"kty": "oct", "k": part(SECRET), "kid": "oct"}]
    rsa_issuer.file.write_text(json.dumps({"keys": [*others, *keys]}))
    assert "mona" == rsa_issuer.caller(rsa_issuer.token(header={"kid": "new"})).person
    assert "mona" == rsa_issuer.caller(rsa_issuer.token(OTHER_RSA, header={"kid": "old"})).person
    assert "InvalidSignatureError" in rsa_issuer.refusal(rsa_issuer.token(OTHER_RSA, header={"kid": "new"}))
    for header in (None, {"kid": "enc"}, {"kid": "oct"}, {"kid": "none"}):
        assert "can't be read" in rsa_issuer.refusal(rsa_issuer.token(OTHER_RSA, header=header))


def test_a_set_of_one_key_needs_no_name(tmp_path: Path) -> None:
    """There is nothing to choose; another name than its own is refused all the same."""
    issuer = Issuer(tmp_path, "EdDSA")
    issuer.file.write_text(json.dumps({"keys": [jwk(ED, kid="a")]}))
    assert "mona" == issuer.caller(issuer.token()).person
    assert "mona" == issuer.caller(issuer.token(header={"kid": "a"})).person
    assert "can't be read" in issuer.refusal(issuer.token(header={"kid": "b"}))


@pytest.mark.parametrize(
    ("algorithm", "content", "told"),
    [
        ("HS256", SECRET[:31] + b"\n", "at least 32 bytes, this one has 31"),
        ("HS256", b"", "at least 32 bytes"),
        ("HS256", pem(RSA), "a key of another algorithm"),
        ("HS256", json.dumps({"keys": [jwk(RSA)]}).encode(), "a key of another algorithm"),
        ("RS256", SECRET, "neither a public key"),
        ("RS256", pem(ED), "no public key for RS256"),
        ("EdDSA", pem(RSA), "no public key for EdDSA"),
        ("EdDSA", pem(ed448.Ed448PrivateKey.generate()), "no public key for EdDSA"),
        ("RS256", pem(rsa.generate_private_key(65537, 1024)), "at least 2048 bits, this one has 1024"),  # noqa: S505  that is the point
        ("RS256", b"-----BEGIN PRIVATE KEY-----\n", "it is a private key"),
        ("RS256", b"{", "no set of keys"),
        ("RS256", b'{"keys": 7}', "no set of keys"),
        ("RS256", b'{"keys": [7]}', "no set of keys"),
        ("RS256", b'{"keys": []}', "holds no key for RS256"),
        ("EdDSA", json.dumps({"keys": [jwk(RSA)]}).encode(), "holds no key for EdDSA"),
        ("EdDSA", json.dumps({"keys": [jwk(ed448.Ed448PrivateKey.generate())]}).encode(), "no public key for EdDSA"),
        ("RS256", json.dumps({"keys": [jwk(RSA), jwk(OTHER_RSA)]}).encode(), "told from one another"),
        ("RS256", json.dumps({"keys": [jwk(RSA, kid="a"), jwk(OTHER_RSA, kid="a")]}).encode(), "told from one another"),
        ("RS256", b"x" * (1 << 21), "too large"),
    ],
)
def test_a_key_that_is_none_for_the_algorithm_is_refused_at_the_start(
    tmp_path: Path, algorithm: str, content: bytes, told: str
) -> None:
    """Whoever runs the server is told which file, and what it must hold."""
    file = tmp_path / "key"
    file.write_bytes(content)
    with pytest.raises(InvalidSettingError, match=told) as error:
        read_token_keys(TokenSettings(algorithm, file, AUDIENCE, ISSUER))
    assert ("CONVERGE_JWT_KEY", True) == (error.value.where, str(file) in error.value.message)


def test_a_key_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    """A folder is none either."""
    for path in (tmp_path / "none", tmp_path):
        with pytest.raises(InvalidSettingError, match="can't be read"):
            read_token_keys(TokenSettings("RS256", path, AUDIENCE, ISSUER))


WHOLE = {
    "CONVERGE_JWT_ALGORITHM": "RS256",
    "CONVERGE_JWT_KEY": "issuer.pem",
    "CONVERGE_JWT_AUDIENCE": AUDIENCE,
    "CONVERGE_JWT_ISSUER": ISSUER,
}


def test_tokens_are_taken_where_the_environment_says_which(tmp_path: Path) -> None:
    """All four that are needed; without any there are none."""
    assert load_token_settings(tmp_path, {}) is None
    assert TokenSettings("RS256", tmp_path / "issuer.pem", AUDIENCE, ISSUER) == load_token_settings(tmp_path, WHOLE)
    more = WHOLE | {"CONVERGE_JWT_TYPE": "at+jwt", "CONVERGE_JWT_LEEWAY": "0"}
    chosen = load_token_settings(tmp_path, more)
    assert chosen is not None
    assert ("at+jwt", 0) == (chosen.type, chosen.leeway)


def test_converge_yaml_says_it_too_and_the_environment_wins(tmp_path: Path) -> None:
    """Files that it names are looked for beside it."""
    (tmp_path / "truths").mkdir()
    (tmp_path / "converge.yaml").write_text(
        f"serve:\n  jwt: {{algorithm: EdDSA, key: k.json, audience: {AUDIENCE}, issuer: '{ISSUER}', leeway: 0}}\n"
    )
    written = TokenSettings("EdDSA", tmp_path / "k.json", AUDIENCE, ISSUER, leeway=0)
    assert written == load_token_settings(tmp_path / "truths", {})
    over = {"CONVERGE_JWT_AUDIENCE": "other", "CONVERGE_JWT_KEY": "here.pem"}
    assert replace(written, audience="other", key=tmp_path / "truths/here.pem") == load_token_settings(
        tmp_path / "truths", over
    )


@pytest.mark.parametrize("missing", sorted(WHOLE))
def test_what_is_missing_is_named(tmp_path: Path, missing: str) -> None:
    """A token that is checked against less than all of it is checked against nothing."""
    with pytest.raises(InvalidSettingError, match=f"{missing} is missing") as error:
        load_token_settings(tmp_path, {name: value for name, value in WHOLE.items() if name != missing})
    assert missing == error.value.where


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("algorithm", "none", "unknown algorithm 'none'"),
        ("algorithm", "rs256", "unknown algorithm 'rs256'"),
        ("algorithm", "ES256", "did you mean"),
        ("leeway", "301", "at most 300"),
        ("leeway", "-1", "at most 300"),
        ("leeway", "1.5", "at most 300"),
        ("leeway", "9" * 5000, "at most 300"),
    ],
)
def test_a_value_that_means_nothing_is_told(tmp_path: Path, name: str, value: str, told: str) -> None:
    """With the choices."""
    with pytest.raises(InvalidSettingError) as error:
        load_token_settings(tmp_path, WHOLE | {TOKEN_VARIABLES[name]: value})
    assert told in f"{error.value.message} {error.value.hint}"
    assert TOKEN_VARIABLES[name] == error.value.where


def test_a_misspelt_setting_of_tokens_is_a_finding_at_its_place(tmp_path: Path) -> None:
    """Nothing in converge.yaml is passed over: a check that nobody made would be believed in."""
    (tmp_path / "converge.yaml").write_text("serve: {jwt: {audiense: x}}\n")
    with pytest.raises(InvalidSettingsError, match="audiense"):
        load_token_settings(tmp_path, {})


def test_the_page_has_every_setting_of_tokens_and_no_other() -> None:
    """Both ways, with the default that holds."""
    page = (Path(__file__).parents[3] / "docs/service-access.md").read_text()
    told = re.findall(r"^\| `(CONVERGE_\w+)` \| `serve\.jwt\.(\w+)` \|.*\| (?:`(\w+)` )?\|$", page, re.MULTILINE)
    bare = TokenSettings("", Path(), "", "")
    defaults = {"type": bare.type, "leeway": str(bare.leeway)}
    assert [(variable, name, defaults.get(name, "")) for name, variable in TOKEN_VARIABLES.items()] == told
