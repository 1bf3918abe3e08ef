"""The test vectors of docs/receipt.md, against our own code and against the script."""

import json
import re
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from receipt_kit import ROOT

from converge_cli import converge_verify as script
from converge_cli._internal.canonical_json import encode
from converge_cli._internal.dsse import envelope, open_envelope, pae
from converge_cli._internal.ed25519 import decoded, public_key_of, sign, verifies
from converge_cli.core.approval import Approval, approval_digest, signature_fits, signed_form
from converge_cli.core.receipt import PAYLOAD_TYPE, hashes_of


@pytest.fixture(scope="module")
def vectors() -> Any:
    """As the page has them."""
    page = (ROOT / "docs/receipt.md").read_text(encoding="utf-8")
    return json.loads(re.findall(r"^```json\n(.*?)^```", page, re.MULTILINE | re.DOTALL)[-1])


@pytest.fixture(scope="module")
def private(vectors: Any) -> bytes:
    """The published key."""
    key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(vectors["private_key_seed"]))
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def test_what_is_signed_and_the_signature(vectors, private):
    """PAE, key, signature and the whole file."""
    payload, public = vectors["payload"].encode(), vectors["public_key"]
    signature = decoded(vectors["signature"])
    assert (vectors["pae_hex"], public) == (pae(PAYLOAD_TYPE, payload).hex(), public_key_of(private))
    assert signature == sign(private, pae(PAYLOAD_TYPE, payload))
    assert (True, True) == (
        verifies(public, pae(PAYLOAD_TYPE, payload), signature),
        script.signed(public, PAYLOAD_TYPE, payload, signature),
    )
    assert vectors["file"].encode() == envelope(PAYLOAD_TYPE, payload, [(public, signature)])
    assert (payload, [(public, signature)]) == open_envelope(vectors["file"].encode(), PAYLOAD_TYPE)


def test_canonical_json_is_that_of_the_script(vectors):
    """Of the payload, and of text with every character that could be written in two ways."""
    assert vectors["payload"].encode() == script.canonical(json.loads(vectors["payload"]))
    text = {
        "text": "".join(map(chr, [*range(0x800), 0x2028, 0x2029, 0xFEFF, 0xFFFF, 0x1F600])),
        "\U0001f600": 1,
        "\uffff": 2,
    }
    assert encode(text) == script.canonical(text)


def test_a_signed_decision(vectors, private):
    """The form that a person signs."""
    approval = Approval(**vectors["approval"], signature=vectors["approval_signature"])
    public, form = vectors["public_key"], script.canonical(vectors["approval"])
    assert decoded(vectors["approval_signature"]) == sign(private, signed_form(approval))
    assert (True, True) == (
        signature_fits(approval, public),
        script.signed(public, script.APPROVAL, form, decoded(vectors["approval_signature"])),
    )


def test_hashes_of_events_and_what_an_approval_is_bound_to(vectors):
    """The chain, and the digest of a request."""
    assert vectors["hashes"] == hashes_of(text.encode() for text in vectors["events"])
    point, key, fact, kind, content, evidence = vectors["approval_digest"]["of"]
    right = vectors["approval_digest"]["sha256"]
    assert right == approval_digest(point, key, fact, kind, content.encode(), tuple(evidence))
    record, asked = script.Record(['{"run":"r1"}'], {}, []), {"point": point, "key": key, "fact": fact, "kind": kind}
    asked |= {"id": f"r1.{point}.{right[:12]}", "digest": right, "content": json.loads(content), "evidence": evidence}
    record.on_approvalrequested({"request": asked})
    with pytest.raises(ValueError, match="digest"):
        record.on_approvalrequested({"request": asked | {"point": "other"}})
