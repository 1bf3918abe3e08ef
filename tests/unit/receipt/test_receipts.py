"""Receipts: what they hold, who can tell that they are genuine, and that nothing in them can be changed unseen."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from receipt_kit import ROOT, Office, both, forged, open_office, told_of, verdicts, with_statement

from converge_cli import converge_verify
from converge_cli._internal.dsse import envelope, pae
from converge_cli._internal.ed25519 import new_private_key, public_key_of, sign
from converge_cli.app.identity import new_identity
from converge_cli.app.verify_receipt import ReceiptUnverifiedError, check_pairs, verify_receipt
from converge_cli.app.write_receipt import ReceiptRefusedError, make_receipt
from converge_cli.core.receipt import PAYLOAD_TYPE

GENUINE = "authentic"
UNKNOWN = "self-consistent, not authenticated"
WRONG = "not verified"

many = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Office:
    """People, a store, a key."""
    return open_office(tmp_path_factory.mktemp("office"))


@pytest.fixture(scope="module")
def run(office: Office) -> str:
    """A run that Mona approved, with her signature."""
    return office.ended()


@pytest.fixture(scope="module")
def plain(office: Office, run: str) -> bytes:
    """Its receipt, unsigned."""
    return office.receipt(run)


@pytest.fixture(scope="module")
def signed(office: Office, run: str) -> bytes:
    """Its receipt, signed by Mona."""
    return office.receipt(run, office.mona)


def head_of(data: bytes) -> str:
    return told_of(data)["predicate"]["events"]["head"]


def test_a_receipt_is_genuine_with_its_key_or_its_head_and_unknown_with_neither(office, plain, signed):
    """What authenticates is what the reader brings along."""
    head, key = head_of(plain), office.mona.public_key
    said = [both(plain), both(signed), both(plain, head=head), both(signed, key=key), both(signed, key=key, head=head)]
    assert [UNKNOWN, UNKNOWN, GENUINE, GENUINE, GENUINE] == said


def test_the_same_run_gives_the_same_bytes(office, run, plain, signed):
    """Whenever it is written; the signature is deterministic as well."""
    assert (plain, signed) == (office.receipt(run), office.receipt(run, office.mona))


def test_a_receipt_holds_the_law_the_facts_and_who_decided(plain):
    """Text of truth and features, policy, facts with their origin, decisions, outcome."""
    told = told_of(plain)["predicate"]
    assert {"truth", "feature", "job", "policy", "people", "registry"} <= {item["part"] for item in told["materials"]}
    truth = next(item["text"] for item in told["materials"] if item["name"] == "truths/vendor-selection/truth.yaml")
    assert (ROOT / "truths/vendor-selection/truth.yaml").read_text() == truth
    fact = next(item for item in told["facts"] if item["id"] == "commitment:acme")
    assert ("commitment", True, 1) == (
        fact["suggestor"],
        "recommendation:acme" in fact["evidence"],
        len(fact["approvals"]),
    )
    decided = next(item["approval"] for item in told["approvals"] if item["type"] == "ApprovalDecided")
    assert ("mona", "within budget", True) == (decided["by"], decided["reason"], "signature" in decided)
    committed = next(item for item in told["law"]["clauses"] if item["check"] == "committed")
    assert ("met", ["commitment:acme"]) == (committed["verdict"], committed["facts"])
    assert ("CriteriaMet", "RunStopped") == (told["outcome"]["end"]["stop"]["reason"], told["outcome"]["end"]["type"])


def test_bytes_of_inputs_come_along_when_asked_for(office, run, plain):
    """Without --embed there is their digest only."""
    told = told_of(office.receipt(run, embed=True))["predicate"]
    kept = [item["text"] for item in told["materials"] if item["part"] == "input"]
    assert [(ROOT / "truths/vendor-selection/vendors.csv").read_text()] == kept
    assert GENUINE == both(office.receipt(run, embed=True), head=head_of(plain))
    assert [] == [item for item in told_of(plain)["predicate"]["materials"] if item["part"] == "input"]


def test_an_input_that_is_no_longer_what_it_was_is_not_embedded(office, run, tmp_path):
    """The receipt would not be that of the run."""
    other = tmp_path / "vendors.csv"
    other.write_text("id,name\n")
    with pytest.raises(ReceiptRefusedError, match="is not what the run was given as vendors"):
        make_receipt(office.services, run, embed=True, inputs={"vendors": other})


def test_a_paused_run_has_a_receipt_and_what_follows_goes_on_from_it(office):
    """Two receipts of one history agree."""
    run = office.paused()
    before = office.receipt(run)
    office.approve(run)
    after = office.receipt(run)
    assert (UNKNOWN, UNKNOWN) == (both(before), both(after))
    check_pairs([verify_receipt("a", before), verify_receipt("b", after)])


def test_two_histories_of_one_run_that_spend_one_approval_are_named(office, run, plain):
    """Whoever copied the store and drove the run twice is found out by the files alone."""

    def later(events: list[Any], *_: Any) -> None:
        place = next(number for number, event in enumerate(events) if event["type"] == "RunResumed")
        for event in events[place:]:
            event["at"] = "2030-01-01T00:00:00.000000Z"

    other = forged(plain, later)
    assert UNKNOWN == both(other)
    with pytest.raises(ReceiptUnverifiedError, match=rf"both spend {run}\.vendor_commitment\.[0-9a-f]{{12}}"):
        check_pairs([verify_receipt("a", plain), verify_receipt("b", other)])


def test_a_receipt_signed_by_another_is_refused_by_both(office, plain, tmp_path):
    """The other key is named; the head still tells what it told."""
    eve = new_identity(tmp_path, "eve")
    payload = json.loads(plain)["payload"]
    raw = converge_verify.unbase64(payload)
    resigned = envelope(PAYLOAD_TYPE, raw, [(eve.public_key, sign(eve.file.read_bytes(), pae(PAYLOAD_TYPE, raw)))])
    assert (WRONG, GENUINE) == (both(resigned, key=office.mona.public_key), both(resigned, head=head_of(plain)))
    assert all(eve.public_key in said for said in verdicts(resigned, key=office.mona.public_key))


def test_an_unsigned_receipt_does_not_pass_for_a_signed_one(office, plain):
    """Whoever drops the signature drops the proof."""
    assert WRONG == both(plain, key=office.mona.public_key)


def test_a_signature_with_the_name_of_another_key_is_refused(office, signed):
    """The id of a key is not proof of it, whether or not anybody asks for that key."""
    read = json.loads(signed)
    read["signatures"][0]["keyid"] = public_key_of(new_private_key())
    data = json.dumps(read, sort_keys=True, separators=(",", ":")).encode()
    assert (WRONG, WRONG) == (both(data), both(data, head=head_of(signed)))


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b"null", b"hello", b"\xff", b'{"payload":"e30="}', b"[" * 5000])
def test_what_is_no_receipt_is_refused_by_both(data):
    """In words, and not by a crash."""
    assert WRONG == both(data)
    assert "it is not a receipt" in verdicts(data)[0]


@pytest.mark.parametrize(
    "pretty", [lambda data: data + b"\n", lambda data: json.dumps(json.loads(data), indent=1).encode()]
)
def test_another_encoding_of_a_receipt_is_refused(plain, pretty):
    """One statement has one file, so that files can be compared and hashed."""
    assert (WRONG, True) == (both(pretty(plain)), "canonical" in verdicts(pretty(plain))[0])


@many
@given(place=st.integers(0, 10**9), bit=st.integers(0, 7), how=st.sampled_from(["key", "head", "neither"]))
def test_any_flipped_bit_of_the_file_is_caught(office, signed, place, bit, how):
    """With a key, with a head, and, since the file contradicts itself then, with neither."""
    data = bytearray(signed)
    data[place % len(data)] ^= 1 << bit
    brought = {"key": {"key": office.mona.public_key}, "head": {"head": head_of(signed)}, "neither": {}}[how]
    assert WRONG == both(bytes(data), **brought)


def lists_in(value: Any) -> Iterator[list[Any]]:
    """Every list with an element, at any depth."""
    if isinstance(value, dict):
        for item in value.values():
            yield from lists_in(item)
    elif isinstance(value, list):
        if value:
            yield value
        for item in value:
            yield from lists_in(item)


@many
@given(data=st.data())
def test_any_element_dropped_doubled_or_moved_is_caught(plain, data):
    """Of any list in the statement: events, hashes, facts, evidence, materials, clauses, decisions."""
    statement = told_of(plain)
    lists = list(lists_in(statement))
    chosen = lists[data.draw(st.integers(0, len(lists) - 1))]
    place = data.draw(st.integers(0, len(chosen) - 1))
    how = data.draw(st.sampled_from(["drop", "double", "move"]))
    before = list(chosen)
    item = chosen.pop(place)
    if how == "double":
        chosen[place:place] = [item, item]
    elif how == "move":
        chosen.insert(data.draw(st.integers(0, len(chosen))), item)
    expected = UNKNOWN if chosen == before else WRONG
    assert (expected, expected == UNKNOWN) == (
        both(with_statement(statement)),
        both(with_statement(statement), head=head_of(plain)) == GENUINE,
    )


def texts_in(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every text, number and truth value, at any depth."""
    if isinstance(value, dict | list):
        for name, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from texts_in(item, (*path, name))
    else:
        yield path


@many
@given(data=st.data())
def test_any_value_said_differently_is_caught(plain, data):
    """Whatever it is that somebody would rather have said."""
    statement = told_of(plain)
    paths = list(texts_in(statement))
    path = paths[data.draw(st.integers(0, len(paths) - 1))]
    inner = statement
    for name in path[:-1]:
        inner = inner[name]
    inner[path[-1]] = data.draw(
        st.sampled_from(["", "another", 7, None, True, []]).filter(
            lambda new: new != inner[path[-1]] or type(new) is not type(inner[path[-1]])
        )
    )
    assert (WRONG, WRONG) == (both(with_statement(statement)), both(with_statement(statement), head=head_of(plain)))


def first(events: list[Any], kind: str) -> Any:
    return next(event for event in events if event["type"] == kind)


def drop_decision(events: list[Any], *_: Any) -> None:
    """Nobody approved, and nothing else is missed."""
    place = events.index(first(events, "ApprovalDecided"))
    events[place] = {"type": "BudgetCharged", "seq": place + 1, "at": events[place]["at"], "suggestor": "x"}


def unsign_decision(events: list[Any], *_: Any) -> None:
    """Somebody else decided in Mona's name."""
    del first(events, "ApprovalDecided")["approval"]["signature"]


def change_reason(events: list[Any], *_: Any) -> None:
    """Mona gave another reason."""
    first(events, "ApprovalDecided")["approval"]["reason"] = "as you like"


def change_content(events: list[Any], contents: list[bytes], _bytes_of: Any) -> None:
    """A vendor offered another price."""
    contents[0] = contents[0].replace(b"15000.00", b"15.00")


def swap_policy(events: list[Any], _contents: Any, bytes_of: Any) -> None:
    """The rules were others."""
    pack = events[0]["packs"][0]
    text = bytes_of[pack["policy"]].replace(b"permit", b"forbid", 1)
    pack["policy"] = converge_verify.sha256(text).hex()
    bytes_of[pack["policy"]] = text


def swap_people(events: list[Any], _contents: Any, bytes_of: Any) -> None:
    """Mona was not among the people."""
    text = bytes_of[events[0]["people"]].replace(b'"mona"', b'"nina"')
    events[0]["people"] = converge_verify.sha256(text).hex()
    bytes_of[events[0]["people"]] = text


def spend_twice(events: list[Any], *_: Any) -> None:
    """One approval for two facts."""
    spent = first(events, "ApprovalSpent")
    spent["requests"] = spent["requests"] * 2
    events[spent["seq"] - 2]["approvals"] = spent["requests"]


def approve_another(events: list[Any], *_: Any) -> None:
    """What was approved is not what was asked."""
    first(events, "ApprovalRequested")["request"]["content"]["price"] = "1.00"


def skip_gate(events: list[Any], *_: Any) -> None:
    """The gate let another fact in."""
    promote = next(
        event for event in events if event["type"] == "GateDecided" and event["decision"]["outcome"] == "PROMOTE"
    )
    promote["decision"]["outcome"] = "ESCALATE"


def another_verdict(events: list[Any], *_: Any) -> None:
    """A criterion came to something else than the outcome was made of."""
    last = [event for event in events if event["type"] == "CriterionEvaluated"][-1]
    last["result"]["result"] = "unmet"


def lose_evidence(events: list[Any], *_: Any) -> None:
    """A fact rests on one that is not there."""
    made = next(
        event for event in events if event["type"] == "SuggestorExecuted" and event["proposals"][0].get("evidence")
    )
    made["proposals"][0]["evidence"] = ["vendor:nobody"]


def skip_sequence(events: list[Any], *_: Any) -> None:
    """An event in the middle was cut out, and the rest not renumbered."""
    events[20]["seq"] += 1


def another_proposal(events: list[Any], *_: Any) -> None:
    """A fact names a proposal that is another's."""
    promoted = [event for event in events if event["type"] == "FactPromoted" and "execution" in event]
    promoted[1]["id"] = "vendor:somebody"


FORGERIES: list[Callable[..., None]] = [
    drop_decision, unsign_decision, change_reason, change_content, swap_policy, swap_people, spend_twice,
    approve_another, skip_gate, another_verdict, lose_evidence, skip_sequence, another_proposal,
]  # fmt: skip


@pytest.mark.parametrize("change", FORGERIES, ids=lambda change: change.__name__)
def test_events_that_contradict_each_other_are_caught_though_every_hash_fits(plain, change):
    """Whoever makes a receipt of a run that could not have been so is found out without a key and without a head."""
    data = forged(plain, change)
    assert (WRONG, WRONG) == (both(data), both(data, head=head_of(data)))
    assert ["event " in said for said in verdicts(data)] == [True, True]


def test_a_history_cut_short_needs_a_key_or_a_head_to_be_told(plain):
    """An earlier pause is a history of its own: only who brings the head knows that more came after it."""

    def cut(events: list[Any], contents: list[bytes], _bytes_of: Any) -> None:
        place = events.index(first(events, "RunPaused"))
        del events[place + 1 :]
        del contents[sum(event["type"] == "FactPromoted" for event in events) :]

    data = forged(plain, cut)
    assert (UNKNOWN, WRONG) == (both(data), both(data, head=head_of(plain)))


def test_a_run_under_way_has_no_receipt(office, monkeypatch):
    """It came to nothing yet."""
    run = office.paused()
    texts = list(office.services.experience.read(run))[:-1]
    monkeypatch.setattr(office.services.experience, "read", lambda _run, after=0: iter(texts))
    with pytest.raises(ReceiptRefusedError, match="under way"):
        make_receipt(office.services, run)


def test_the_script_needs_python_and_nothing_else(office, signed, tmp_path):
    """Copied away, isolated, without site packages; it says the same and ends with 0 or 9."""
    script = tmp_path / "v.py"
    script.write_bytes(Path(converge_verify.__file__).read_bytes())
    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    good.write_bytes(signed)
    bad.write_bytes(signed.replace(b"A", b"B", 1))
    said = []
    for words in ([good], [good, "--key", office.mona.public_key], [good, "--head", "00"], [bad], ["none.json"], []):
        done = subprocess.run(
            [sys.executable, "-I", "-S", script, *words], capture_output=True, check=False, cwd=tmp_path
        )
        said.append((done.returncode, done.stdout.split(b":")[0].decode().strip(), done.stderr))
    expected = [(0, UNKNOWN), (0, GENUINE), (9, WRONG), (9, WRONG), (9, WRONG), (9, WRONG)]
    assert expected == [(code, out) for code, out, _ in said]
    assert {b""} == {err for _, _, err in said}


def test_the_script_is_short_and_imports_only_what_python_brings():
    """Whoever copies it can read it."""
    text = Path(converge_verify.__file__).read_text()
    names = {line.split()[1] for line in text.splitlines() if line.startswith(("import ", "from "))}
    assert (True, set()) == (len(text.splitlines()) < 300, names - set(sys.stdlib_module_names))
