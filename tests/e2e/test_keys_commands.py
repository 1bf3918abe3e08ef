"""`converge keys`: the secret is told once and kept nowhere, lists tell the rest, errors tell what to do."""

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest


def made(converge: Any, *words: str) -> dict[str, Any]:
    """A new key of mona."""
    data: dict[str, Any] = converge("keys", "new", "--person", "mona", "--role", "submit", *words, "--json").data
    return data


def test_a_new_key_is_told_once_and_only_its_digest_is_kept(converge: Any, tmp_path: Path) -> None:
    """Neither a list nor a file of the store has the secret; the list has all the rest."""
    new = made(converge, "--role", "decide", "--role", "submit", "--name", "phone [/x]")
    secret = new.pop("secret")
    assert secret.startswith("cvk_")
    assert 47 == len(secret)
    listed = converge("keys", "list", "--json")
    assert [new] == listed.data["keys"]
    assert (["submit", "decide"], "phone [/x]", "valid", None) == (
        new["roles"],
        new["name"],
        new["standing"],
        new["expires_at"],
    )
    assert sha256(secret.encode()).hexdigest()[:12] == new["id"]
    shown = converge("keys", "list").out
    assert "phone [/x]" in shown
    kept = b"".join(path.read_bytes() for path in (converge.folder / "store").rglob("*") if path.is_file())
    for text in (shown.encode(), listed.out.encode(), kept):
        assert secret.encode() not in text
        assert secret[4:].encode() not in text
    assert sha256(secret.encode()).hexdigest().encode() in kept


def test_a_new_key_is_printed_with_the_line_that_uses_it(converge: Any) -> None:
    """Once, whole however narrow the screen, ready for a shell."""
    told = converge("keys", "new", "--person", "mona", "--role", "decide", env={"COLUMNS": "30"})
    lines = told.out.splitlines()
    exported = [line.strip() for line in lines if "cvk_" in line]
    assert (1, "") == (len(exported), told.err)
    assert exported[0].startswith("export CONVERGE_API_KEY=cvk_")
    assert any('curl -H "Authorization: Bearer $CONVERGE_API_KEY"' in line for line in lines)


def test_the_line_that_uses_a_key_has_the_address_of_the_server(converge: Any) -> None:
    """CONVERGE_SERVER's; without it that of a server that was told nothing, and how to have another."""
    words = ("keys", "new", "--person", "mona", "--role", "decide")
    usual, named = converge(*words).out, converge(*words, env={"CONVERGE_SERVER": "https://converge.example/"}).out
    assert ("http://127.0.0.1:8080/api/v1/jobs\n" in usual, "CONVERGE_SERVER is its address" in usual) == (True, True)
    assert ("https://converge.example/api/v1/jobs\n" in named, "8080" in named) == (True, False)


def test_a_key_that_decides_for_nobody_who_is_known_is_told(converge: Any) -> None:
    """With who may have been meant; programs that only submit need not be known."""
    told = converge("keys", "new", "--person", "monna", "--role", "decide").out
    assert "nobody of the people here is monna, so this key decides nothing here: did you mean mona?" in told
    assert [None, True, None] == [
        converge("keys", "new", "--person", person, "--role", role, "--json").data.get("warning") and True
        for person, role in (("mona", "decide"), ("stranger", "decide"), ("nightly", "submit"))
    ]


def test_a_revoked_and_an_expired_key_are_listed_as_such(converge: Any) -> None:
    """Revoking again changes nothing; both stay in the list, so that it tells whose they were."""
    gone, brief = made(converge), made(converge, "--expires", "1ms")
    first = converge("keys", "revoke", gone["id"], "--json")
    again = converge("keys", "revoke", gone["id"], "--json")
    assert ("revoked", "revoked") == (first.document["outcome"], first.data["standing"])
    assert first.data == again.data
    rows = {row["id"]: row["standing"] for row in converge("keys", "list", "--json").data["keys"]}
    assert {gone["id"]: "revoked", brief["id"]: "expired"} == rows
    assert f"key {gone['id']} of mona opens nothing any more" in converge("keys", "revoke", gone["id"]).out


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("new", "--person", "mona"), 2, "--role is missing"),
        (("new", "--role", "read"), 2, "--person"),
        (("new", "--person", "mona", "--role", "reed"), 2, "did you mean read?"),
        (("new", "--person", "mona", "--role", "read", "--expires", "soon"), 2, "12h or 90d"),
        (("new", "--person", "mona", "--role", "read", "--expires", "0d"), 2, "12h or 90d"),
        (("new", "--person", "mona", "--role", "read", "--expires", "99999999d"), 1, "a hundred years"),
        (("new", "--person", "mona\nx", "--role", "read"), 1, "no person's id"),
        (("new", "--person", "", "--role", "read"), 1, "no person's id"),
        (("new", "--person", "mona", "--role", "read", "--name", "a\x1b[2Jb"), 1, "a name is one line"),
        (("revoke", "nothing"), 1, "converge keys list"),
        (("revoke",), 2, "KEY"),
    ],
)
def test_what_can_not_be_is_told_with_what_to_do(converge: Any, words: tuple[str, ...], code: int, told: str) -> None:
    """And no key is made."""
    ran = converge("keys", *words)
    assert (code, "") == (ran.code, ran.out)
    assert told in ran.err
    assert "\x1b" not in ran.err
    assert [] == converge("keys", "list", "--json").data["keys"]


def test_a_near_id_is_offered(converge: Any) -> None:
    """Ids are copied by hand, now and then."""
    key = made(converge)["id"]
    wrong = converge("keys", "revoke", key[:-1] + ("0" if key[-1] != "0" else "1"))
    assert f"did you mean {key}?" in wrong.err


def test_a_secret_given_for_an_id_is_not_repeated_on_the_screen(converge: Any) -> None:
    """It names the id instead."""
    new = made(converge)
    wrong = converge("keys", "revoke", new["secret"], "--json")
    assert "KEY_INVALID" == wrong.error["code"]
    assert new["id"] in wrong.error["hint"]
    assert new["secret"] not in json.dumps(wrong.document) + wrong.err


def test_keys_of_a_store_in_memory_are_refused(converge: Any) -> None:
    """It would be gone with the command that made it."""
    ran = converge("keys", "new", "--person", "mona", "--role", "read", env={"CONVERGE_STORAGE_BACKEND": "memory"})
    assert (1, True) == (ran.code, "the store is in memory" in ran.err)


def test_keys_go_to_the_store_that_is_named(converge: Any, tmp_path: Path) -> None:
    """As with converge serve --storage."""
    made(converge, "--storage", str(tmp_path / "elsewhere"))
    assert [] == converge("keys", "list", "--json").data["keys"]
    assert 1 == len(converge("keys", "list", "--storage", str(tmp_path / "elsewhere"), "--json").data["keys"])


def test_listing_makes_no_store(converge: Any, tmp_path: Path) -> None:
    """Nothing is written by who only looks."""
    ran = converge("keys", "list", "--storage", str(tmp_path / "none"))
    assert (0, True) == (ran.code, "no keys here" in ran.out)
    assert not (tmp_path / "none").exists()
