"""`converge policy decide|check|test` as people and scripts call them."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
REQUEST: dict[str, Any] = {
    "principal": {"id": "petra", "authority": "supervisory", "domains": ["procurement"], "policy_version": "1"},
    "resource": {
        "id": "acme",
        "kind": "spend",
        "phase": "commitment",
        "gates_passed": ["competitive_review", "vendor_due_diligence"],
    },
    "action": "commit",
    "context": {
        "commitment_type": "spend",
        "amount": 1_500_000,
        "human_approval_present": False,
        "required_gates_met": False,
    },
}


@pytest.fixture
def request_file(tmp_path: Path) -> Path:
    """The request in a file."""
    file = tmp_path / "request.json"
    file.write_text(json.dumps(REQUEST))
    return file


def _piped(converge: Any, text: str, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [converge.command, *words],
        input=text,
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env=converge.environment(None),
    )


@pytest.mark.parametrize(
    ("change", "outcome", "code"),
    [
        ({}, "ESCALATE", 4),
        ({"human_approval_present": True}, "PROMOTE", 0),
        ({"amount": -1}, "REJECT", 8),
        ({"amount": None}, "REJECT", 8),
    ],
)
def test_the_exit_code_tells_the_outcome(converge: Any, change: dict[str, Any], outcome: str, code: int) -> None:
    """From standard input; the envelope says the same as the data."""
    asked = {**REQUEST, "context": {**REQUEST["context"], **change}}
    done = _piped(converge, json.dumps(asked), "policy", "decide", "procurement", "-", "--json")
    document = json.loads(done.stdout)
    assert (code, code, outcome) == (done.returncode, document["exit_code"], document["outcome"])
    assert ("policy decide", outcome) == (document["command"], document["data"]["outcome"])
    assert {"rules", "missing", "approvals", "authority", "source", "policy_hash"} <= set(document["data"])


def test_an_answer_for_people_has_the_rule_the_values_and_the_way_out(converge: Any, request_file: Path) -> None:
    """Amounts in whole units, and where the rule stands."""
    shown = converge("policy", "decide", "procurement", request_file)
    assert 4 == shown.code
    for words in ("ESCALATE", "would permit supervisory-with-approval", "policy/commit.cedar:5", "15000.00"):
        assert words in shown.out
    assert "unlocked by   approval of vendor_commitment" in shown.out


@pytest.mark.parametrize("text", ["", "[]", "{", '{"a": 1, "a": 2}'])
def test_what_is_no_request_ends_with_one_and_says_why(converge: Any, text: str) -> None:
    """One JSON document on stdout, as on every path."""
    done = _piped(converge, text, "policy", "decide", "procurement", "-", "--json")
    document = json.loads(done.stdout)
    assert (1, "error", "INPUT_INVALID") == (done.returncode, document["outcome"], document["error"]["code"])
    assert "standard input" in document["error"]["message"]


def test_a_missing_file_and_an_unknown_pack_are_told(converge: Any, request_file: Path) -> None:
    """Each by its code."""
    missing = converge("policy", "decide", "procurement", "nowhere.json", "--json")
    unknown = converge("policy", "decide", "procurment", request_file, "--json")
    assert ("FILE_UNREADABLE", "PACK_NOT_FOUND") == (missing.error["code"], unknown.error["code"])
    assert (1, 1) == (missing.code, unknown.code)


def test_nothing_of_a_request_is_obeyed_by_a_screen(converge: Any) -> None:
    """Ids are text from outside."""
    asked = {**REQUEST, "resource": {**REQUEST["resource"], "id": "\u001b]0;owned\u0007[red]x[/red]\u202e"}}
    done = _piped(converge, json.dumps(asked), "policy", "decide", "procurement", "-")
    assert 4 == done.returncode
    assert [] == [char for char in done.stdout if not char.isprintable() and char != "\n"]
    assert "[red]x[/red]" in done.stdout


def test_our_tables_pass(converge: Any) -> None:
    """Each pack with its counts, and nothing that no case decides."""
    shown = converge("policy", "test", cwd=ROOT)
    data = converge("policy", "test", "procurement", "--json", cwd=ROOT).data
    assert 0 == shown.code
    assert "4 of 4 rules decided" in shown.out
    assert (0, [], []) == (
        data["packs"][0]["failed"],
        data["packs"][0]["undecided_rules"],
        data["packs"][0]["untried_gates"],
    )


def test_a_table_that_policy_does_not_keep_fails(converge: Any, tmp_path: Path) -> None:
    """A copy of procurement whose limit was lowered: the case, its place and the difference are told; exit code 1."""
    pack = tmp_path / "packs" / "procurement"
    subprocess.run(["cp", "-r", ROOT / "packs" / "procurement", _made(pack.parent)], check=True)
    _made(tmp_path / "truths")
    policy = pack / "policy" / "commit.cedar"
    policy.write_text(policy.read_text().replace("context.amount <= 2000000", "context.amount <= 1000000"))
    shown = converge("policy", "test", "procurement")
    document = converge("policy", "test", "procurement", "--json").document
    assert (1, 1, "failed") == (shown.code, document["exit_code"], document["outcome"])
    assert "15,000.00 approved is committed" in shown.out
    assert "outcome is ESCALATE, not PROMOTE" in shown.out
    assert "commit.yaml:1" in shown.out


def test_a_check_names_rules_that_change_nothing_and_gates_that_nobody_passes(converge: Any, tmp_path: Path) -> None:
    """At their places, with codes that explain tells of."""
    pack = tmp_path / "packs" / "procurement"
    subprocess.run(["cp", "-r", ROOT / "packs" / "procurement", _made(pack.parent)], check=True)
    _made(tmp_path / "truths").joinpath("people.yaml").write_text(
        "people:\n  - {id: frank, name: Frank, authority: participatory, domains: [finance]}\n"
    )
    policy = pack / "policy" / "commit.cedar"
    policy.write_text(policy.read_text().replace("resource.kind ==", 'resource.kind != "spend" && resource.kind =='))
    shown = converge("policy", "check", "procurement")
    found = converge("policy", "check", "procurement", "--json")
    assert (1, "findings") == (shown.code, found.document["outcome"])
    assert {"idle-rule", "unreachable-gate"} == {item["name"] for item in found.data["findings"]}
    assert "packs/procurement/policy/commit.cedar:5" in shown.out
    assert "packs/procurement/pack.yaml:" in shown.out
    assert 0 == converge("explain", "unreachable-gate").code


def test_a_policy_that_is_broken_answers_nothing(converge: Any, tmp_path: Path, request_file: Path) -> None:
    """Asked or tested it is an error with its place, checked a finding."""
    pack = tmp_path / "packs" / "procurement"
    subprocess.run(["cp", "-r", ROOT / "packs" / "procurement", _made(pack.parent)], check=True)
    _made(tmp_path / "truths")
    policy = pack / "policy" / "commit.cedar"
    policy.write_text(policy.read_text().replace("context.amount < 0", "context.amont < 0"))
    for words in (("decide", "procurement", request_file), ("test", "procurement")):
        ran = converge("policy", *words, "--json")
        assert (1, "POLICY_INVALID", "policy/commit.cedar:35") == (ran.code, ran.error["code"], ran.error["where"])
    checked = converge("policy", "check", "procurement", "--json")
    assert (1, ["invalid-policy"]) == (checked.code, [item["name"] for item in checked.data["findings"]])


@pytest.mark.parametrize(
    "engine",
    [
        "raise ImportError('no wheel for this machine')",
        "__version__ = '0.0.1'",
        "class Decision:\n    Allow = 'Allow'\ndef is_authorized(*_, **__):\n    return Decision",
    ],
    ids=["can't be imported", "is empty", "allows"],
)
def test_without_an_engine_that_works_everything_is_refused(
    converge: Any, tmp_path: Path, request_file: Path, engine: str
) -> None:
    """Another cedarpy stands before the real one: refused, told by test, check and doctor, and no run commits."""
    _made(tmp_path / "false").joinpath("cedarpy.py").write_text(engine)
    env = {"PYTHONPATH": str(tmp_path / "false")}
    request = json.loads(request_file.read_text())
    request["context"]["human_approval_present"] = True
    request_file.write_text(json.dumps(request))
    decided = converge("policy", "decide", "procurement", request_file, "--json", env=env)
    assert (8, "REJECT", "error") == (decided.code, decided.document["outcome"], decided.data["source"])
    assert "the Cedar engine" in decided.data["detail"]
    assert (1, "failed") == (
        converge("policy", "test", "procurement", env=env).code,
        converge("policy", "test", "procurement", "--json", env=env).document["outcome"],
    )
    checked = converge("policy", "check", "procurement", "--json", env=env)
    assert (1, {"invalid-policy"}) == (checked.code, {item["name"] for item in checked.data["findings"]})
    doctor = {item["name"]: item["ok"] for item in converge("doctor", "--json", env=env).data["checks"]}
    assert doctor["policy"] is False
    approving = ("--approve", "vendor_commitment=mona", "--no-input")
    run = converge("run", "vendor-selection", *approving, "--json", env=env, cwd=ROOT)
    assert (8, "PolicyDenied") == (run.code, run.data["stop"]["reason"])


def test_our_policies_have_no_finding(converge: Any) -> None:
    """Every shipped pack with a gate."""
    shown = converge("policy", "check", cwd=ROOT)
    assert (0, True) == (shown.code, "0 errors, 0 warnings" in shown.out)


def test_checking_nothing_does_not_pass(converge: Any) -> None:
    """A pack without a policy."""
    checked = converge("policy", "check", "hello", "--json")
    tested = converge("policy", "test", "hello", "--json")
    assert ("POLICY_MISSING", "POLICY_TABLES_MISSING") == (checked.error["code"], tested.error["code"])
    assert (2, 2) == (checked.code, tested.code)


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder
