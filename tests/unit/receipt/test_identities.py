"""Keys of people: who may read them, and which decisions count only with a signature."""

import base64
import stat
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from receipt_kit import PEOPLE, YES, Office, open_office

from converge_cli import converge_verify as script
from converge_cli._internal.dsse import pae
from converge_cli._internal.ed25519 import new_private_key, public_bytes, public_key_of, public_text, sign, verifies
from converge_cli.app.decide_approval import GivenApproval, apply_given, decide_approval
from converge_cli.app.identity import IdentityError, IdentityExistsError, find_identity, identities, new_identity
from converge_cli.app.record.recorded_run import events_of
from converge_cli.core.approval import Approval, signature_fits
from converge_cli.core.event import ApprovalDecided, DecisionRefused
from converge_cli.settings import load_settings
from converge_cli.truth.diagnostics import InvalidTruthError
from converge_cli.truth.people import read_people
from converge_cli.truth.source import Source


@pytest.fixture
def office(tmp_path: Path) -> Office:
    """People, a store, a key."""
    return open_office(tmp_path)


def said_in(office: Office, run: str) -> list[tuple[str, Approval, str]]:
    """Every decision that was recorded, with its code."""
    return [
        (type(event).__name__, event.approval, getattr(event, "code", ""))
        for event in events_of(office.services, run)
        if isinstance(event, ApprovalDecided | DecisionRefused)
    ]


def test_a_decision_of_a_person_with_a_key_is_signed_and_recorded_so(office):
    """The signature covers who decided what, how, why and when."""
    run = office.paused()
    office.approve(run)
    [(kind, approval, _)] = said_in(office, run)
    assert ("ApprovalDecided", True) == (kind, signature_fits(approval, office.mona.public_key))
    for change in (
        {"reason": "other"},
        {"decided_at": "2020"},
        {"by": "petra"},
        {"decision": "rejected"},
        {"digest": ""},
    ):
        changed = {name: getattr(approval, name) for name in approval.__struct_fields__} | change
        assert not signature_fits(Approval(**changed), office.mona.public_key)


def test_without_the_key_the_decision_is_refused_and_recorded(office, tmp_path):
    """Whoever types a name is not that person."""
    elsewhere = replace(office, services=replace(office.services, identities=tmp_path / "none"))
    run = elsewhere.paused()
    refused = elsewhere.approve(run).refused
    assert ["SIGNATURE_MISSING"] == [item.code for item in refused]
    assert [("DecisionRefused", "SIGNATURE_MISSING")] == [(kind, code) for kind, _, code in said_in(elsewhere, run)]
    assert 1 == elsewhere.services.experience.row(run).pending


def test_with_another_key_the_decision_is_refused_and_recorded(office, tmp_path):
    """A key of the same name made elsewhere is another key."""
    new_identity(tmp_path / "elsewhere", "mona")
    elsewhere = replace(office, services=replace(office.services, identities=tmp_path / "elsewhere"))
    run = elsewhere.paused()
    assert ["SIGNATURE_INVALID"] == [item.code for item in elsewhere.approve(run).refused]
    assert [("DecisionRefused", "SIGNATURE_INVALID")] == [(kind, code) for kind, _, code in said_in(elsewhere, run)]


def test_a_person_without_a_key_in_people_yaml_decides_as_before(office, tmp_path):
    """A key here binds nobody: people.yaml says who must sign."""
    (tmp_path / "people.yaml").write_text(PEOPLE.replace('    public_key: "KEY"\n', ""))
    run = office.paused()
    assert () == office.approve(run).refused
    assert [None] == [approval.signature for _, approval, _ in said_in(office, run)]


def test_a_decision_given_along_is_signed_too(office):
    """Every door signs, since all of them lead to the same place."""
    run = office.paused()
    given_along = GivenApproval("vendor_commitment", None, "mona", "along", mode=None)
    people = read_people(Source("people.yaml", office.services.people.read_bytes()))
    applied = apply_given(office.services, run, [given_along], people, None)
    assert (True, ()) == (applied.accepted, applied.refused)
    [(_, approval, _)] = said_in(office, run)
    assert signature_fits(approval, office.mona.public_key)


def test_a_signature_does_not_serve_for_another_run(office):
    """The request's id holds the run's."""
    first, second = office.paused(), office.paused()
    office.approve(first)
    [(_, approval, _)] = said_in(office, first)
    stolen = YES._replace(sign=lambda _message: base64.b64decode(approval.signature))
    answer = decide_approval(office.services, second, "vendor_commitment", "mona", stolen)
    assert ["SIGNATURE_INVALID"] == [item.code for item in answer.refused]


def test_only_its_owner_may_read_a_private_key(office):
    """And a key that others may read is not used."""
    file = office.mona.file
    assert (0o600, 0o700) == (stat.S_IMODE(file.stat().st_mode), stat.S_IMODE(file.parent.stat().st_mode))
    file.chmod(0o640)
    with pytest.raises(IdentityError, match="others may read"):
        find_identity(file.parent, "mona")


def test_a_key_is_never_replaced(office):
    """What was signed with it could no longer be told."""
    before = office.mona.file.read_bytes()
    with pytest.raises(IdentityExistsError):
        new_identity(office.mona.file.parent, "mona")
    assert before == office.mona.file.read_bytes()


@pytest.mark.parametrize("name", ["", "../mona", "a/b", ".mona", "a b", "x" * 65, "\x1b[2J"])
def test_a_name_that_could_lead_elsewhere_is_refused(tmp_path, name):
    """The name becomes a file."""
    with pytest.raises(IdentityError, match="is not a name"):
        new_identity(tmp_path, name)
    assert [] == list(tmp_path.iterdir())


def test_identities_are_listed_by_name_and_a_spoilt_one_is_told(tmp_path):
    """With their public halves."""
    made = [new_identity(tmp_path, name) for name in ("zoe", "ann")]
    assert sorted(made) == identities(tmp_path)
    made[0].file.write_text("no key")
    with pytest.raises(IdentityError, match=r"zoe\.key can't be used"):
        identities(tmp_path)
    with pytest.raises(IdentityError, match="there is no key of anne") as told:
        find_identity(tmp_path, "anne")
    assert "did you mean ann?" == told.value.hint


@pytest.mark.parametrize(
    "key",
    [
        "mona",
        "ed25519:",
        "ed25519:AAAA",
        "ed25519:" + "A" * 44,
        "ed25519:" + "-" * 43 + "=",
        "ed25519:" + "A" * 43 + "=",
        "ed25519:AQ" + "A" * 41 + "=",
        "ed25519:Ag" + "A" * 40 + "B=",
    ],
)
def test_a_public_key_in_people_yaml_has_its_form(key):
    """A misspelt key would refuse every decision of that person."""
    text = f'people:\n  - {{id: mona, name: Mona, public_key: "{key}"}}\n'
    with pytest.raises(InvalidTruthError) as told:
        read_people(Source("people.yaml", text.encode()))
    assert ["people.yaml:2"] == [f"{item.file}:{item.line}" for item in told.value.diagnostics]


keys = st.binary(min_size=32, max_size=32)


@settings(max_examples=40, deadline=None)
@given(message=st.binary(max_size=200), place=st.integers(0, 511), spoil=st.booleans())
def test_library_and_script_agree_on_signatures(message, place, spoil):
    """Good ones, and those with one bit flipped."""
    private = new_private_key()
    public, signature = public_key_of(private), bytearray(sign(private, pae("t", message)))
    if spoil:
        signature[place // 8] ^= 1 << place % 8
    assert (not spoil, not spoil) == (
        verifies(public, pae("t", message), bytes(signature)),
        fits(public, message, signature),
    )


@settings(max_examples=40, deadline=None)
@given(raw=st.one_of(keys, st.integers(0, 30).map(lambda n: (2**255 - 19 + n).to_bytes(32, "little"))), made=keys)
def test_library_and_script_agree_on_keys_that_are_none(raw, made):
    """Points off the curve, numbers above the prime."""
    message, signature = b"m", made + bytes(32)
    assert verifies(public_text(raw), pae("t", message), signature) == fits(public_text(raw), message, signature)


def test_a_signature_with_a_second_form_is_refused():
    """S and S plus the order of the group would both fit: only the smaller one counts."""
    private = new_private_key()
    signature = sign(private, pae("t", b"m"))
    other = signature[:32] + (int.from_bytes(signature[32:], "little") + script.ORDER).to_bytes(32, "little")
    public = public_key_of(private)
    assert (True, False, False) == (
        fits(public, b"m", signature), fits(public, b"m", other), verifies(public, pae("t", b"m"), other)
    )  # fmt: skip


def test_the_text_of_a_public_key_has_one_form():
    """Base64 with other last bits, or without its end, is none."""
    public = public_key_of(new_private_key())
    spoilt = [
        public[:-1],
        public[8:],
        public + "=",
        f"{public[:-2]}/=" if public[-2] != "/" else f"{public[:-2]}+=",
        "",
    ]
    assert [None] * 5 == [public_bytes(text) for text in spoilt]


ORDER_8 = int.from_bytes(bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"), "little")


@pytest.mark.parametrize("y", [0, 1, script.P - 1, script.P, script.P + 1, ORDER_8, script.P - ORDER_8, 2**255 - 1])
@pytest.mark.parametrize("sign", [0, 1])
def test_a_key_that_any_signature_fits_is_none_for_both(y, sign):
    """The points of small order, and other ways to write a point: no secret is needed to sign for them."""
    public = public_text((y | sign << 255).to_bytes(32, "little"))
    made_up = [point.to_bytes(32, "little") + bytes(32) for point in (0, 1, script.P - 1, 1 | 1 << 255)]
    assert None is public_bytes(public)
    for signature in made_up:
        for message in (b"a", b"b", b"c", b"d"):
            assert (False, False) == (verifies(public, pae("t", message), signature), fits(public, message, signature))


def fits(public: str, message: bytes, signature: bytes | bytearray) -> bool:
    """What the script says of a signature."""
    try:
        return script.signed(public, "t", message, bytes(signature))
    except ValueError:
        return False


def test_keys_are_where_the_environment_says_and_never_where_a_project_says(tmp_path, monkeypatch):
    """CONVERGE_IDENTITY_PATH, XDG_CONFIG_HOME, the home; without a home everything but keys works."""

    def where(**env: str) -> Path:
        return load_settings(tmp_path, env).identities

    monkeypatch.setenv("HOME", "/home/mona")
    assert (Path("/keys"), Path("/c/converge/identities"), Path("/home/mona/.config/converge/identities")) == (
        where(CONVERGE_IDENTITY_PATH="/keys", XDG_CONFIG_HOME="/c"), where(XDG_CONFIG_HOME="/c"), where()
    )  # fmt: skip
    monkeypatch.setattr(Path, "home", no_home)
    assert Path("/nonexistent/converge/identities") == where()


def no_home() -> Path:
    """As in a container whose user is known by number only."""
    raise RuntimeError("could not determine home directory")
