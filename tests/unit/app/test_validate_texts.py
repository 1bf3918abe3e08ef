"""Texts that somebody sent: the findings of `converge validate`, without a look at any file of the server."""

import json
import time
from pathlib import Path

import pytest
from serving import ROOT, drop_in, hello_pack, service

from converge_cli.app.templates.given_texts import MOST_BYTES, MOST_FILES, InvalidTextsError, TextsRequest
from converge_cli.app.templates.validate_texts import validate_texts
from converge_cli.app.validate.validate_truths import validate_truths
from converge_cli.bootstrap import make_services
from converge_cli.settings import Settings

HELLO = (ROOT / "truths" / "hello-convergence" / "truth.yaml").read_text()
FEATURE = (ROOT / "features" / "hello-convergence.feature").read_text()


@pytest.fixture(scope="module")
def services():
    """Those of a server of this repository."""
    return service(ROOT).services


def _codes(data: dict[str, object]) -> list[str]:
    return [item["name"] for item in data["findings"]]


def _project(root: Path) -> dict[str, str]:
    files = [*root.glob("truths/*/truth.yaml"), *root.glob("features/*.feature"), *root.glob("truths/*.yaml")]
    return {path.relative_to(root).as_posix(): path.read_text() for path in files}


def test_a_whole_project_that_is_clean_here_is_clean_there(services) -> None:
    """Nine truths with their features, policies and people."""
    data = validate_texts(services, TextsRequest(files=_project(ROOT)))
    assert (0, 0, 9) == (data["errors"], data["warnings"], len(data["truths"]))


def test_the_findings_are_those_of_the_command(tmp_path: Path) -> None:
    """Code, place, message and fix, of a project with a fault in every file."""
    drop_in(tmp_path / "truths", "mine", title="A greeting might be answered", wiring="wiring: v1\nthreshold: 3\n")
    rules = "truth: v1\nkey: rules\nkind: policy\ntitle: Greetings are few\napplies_to: [nobody]\nfeatures: []\n"
    (tmp_path / "truths" / "rules").mkdir()
    (tmp_path / "truths" / "rules" / "truth.yaml").write_text(rules)
    (tmp_path / "truths" / "people.yaml").write_text("people:\n  - {id: mona}\n")
    (tmp_path / "features").mkdir()
    (tmp_path / "features" / "lone.feature").write_text(
        "Feature: F\n\n  Scenario: S\n    Given nothing that is known\n"
    )
    files = _project(tmp_path) | {"truths/mine/wiring.yaml": "wiring: v1\nthreshold: 3\n"}
    local = validate_truths(make_services(tmp_path, settings=Settings("memory", tmp_path, None)), [])
    data = validate_texts(service(tmp_path).services, TextsRequest(files=files))
    said = [(item["code"], item["file"], item["line"], item["message"], item["fix"]) for item in data["findings"]]
    assert [(item.code, item.file, item.line, item.message, item.fix) for item in local.diagnostics] == said
    assert 4 < len(said)


def test_one_truth_with_its_feature_needs_no_names(services) -> None:
    """The feature is the one that the truth names."""
    assert [] == _codes(validate_texts(services, TextsRequest(truth=HELLO, feature=FEATURE)))
    assert ["missing-file"] == _codes(validate_texts(services, TextsRequest(truth=HELLO)))
    lone = "Feature: F\n\n  @invariant @structural\n  Scenario: S\n    Then it flies\n"
    assert {"unknown-step", "feature-without-truth"} <= set(
        _codes(validate_texts(services, TextsRequest(feature=lone)))
    )


@pytest.mark.parametrize(
    "name",
    ["../../../../etc/passwd", "/etc/passwd", "truths/hello-convergence/truth.yaml",
     "features/hello-convergence.feature", "file:///etc/passwd", "\\\\host\\share", "~/.ssh/id_rsa"],
)  # fmt: skip
def test_nothing_of_the_servers_disk_comes_out_by_a_name_in_a_text(services, name: str) -> None:
    """Whether a file is there or not, the findings are the same but for its name, and none is about its content."""
    quoted = json.dumps(name)
    inputs = f"inputs:\n  notes: {{file: {quoted}, kind: text, id: 'text:notes', as: text}}\nfeatures: [{quoted}]\n"
    data = validate_texts(services, TextsRequest(truth=f"{HELLO}\n{inputs}"))
    other = validate_texts(
        services, TextsRequest(truth=f"{HELLO}\n{inputs}".replace(name, name + "-which-is-not-there"))
    )
    assert [item["code"] for item in other["findings"]] == [item["code"] for item in data["findings"]]
    text = json.dumps(data, default=str)
    assert "root:" not in text
    assert str(ROOT) not in text


def test_an_example_that_names_a_file_looks_for_none(services) -> None:
    """Whether /etc/passwd is there is nobody's business."""
    scenario = (
        '\n\n  @e2e\n  Scenario: From a file\n    Given the inputs from "/etc/passwd"\n'
        '    When the truth runs to convergence\n    Then the stop reason is "CriteriaMet"\n'
    )
    with_file = validate_texts(services, TextsRequest(truth=HELLO, feature=FEATURE + scenario))
    without = validate_texts(
        services, TextsRequest(truth=HELLO, feature=FEATURE + scenario.replace("passwd", "nowhere"))
    )
    assert _codes(without) == _codes(with_file)


@pytest.mark.parametrize(
    "name", ["packs/mine/pack.yaml", "packs/mine/suggestors.py", "packs/p/policy/p.cedar", "vendors.csv",
             "../truth.yaml", "/truth.yaml", "a//truth.yaml", "a\\truth.yaml", "a\0/truth.yaml",
             "x" * 300 + "/truth.yaml", ""],
)  # fmt: skip
def test_what_is_not_validated_here_is_refused_and_no_code_of_a_caller_is_run(services, name: str) -> None:
    """Packs are those of the server."""
    with pytest.raises(InvalidTextsError):
        validate_texts(services, TextsRequest(files={name: "PACK = print('here')"}))


@pytest.mark.parametrize(
    "request_",
    [
        TextsRequest(),
        TextsRequest(truth="", files={"truth.yaml": ""}),
        TextsRequest(files={f"t{number}/truth.yaml": "" for number in range(MOST_FILES + 1)}),
        TextsRequest(truth="#" * (MOST_BYTES + 1)),
        TextsRequest(truth=HELLO, select=("CV999",)),
    ],
    ids=["nothing", "both", "too many", "too long", "no code"],
)
def test_nothing_and_too_much_are_refused(services, request_: TextsRequest) -> None:
    """With what to do instead."""
    with pytest.raises(InvalidTextsError) as caught:
        validate_texts(services, request_)
    assert caught.value.hint


@pytest.mark.parametrize(
    "text",
    ["[" * 100_000, "{a: " * 50_000, "a: &a [*a]", "- " * 100_000, "\t", "\ufeff", "a: !!python/object:os.system x",
     "truth: v1\n" * 10_000, "Feature: F\n" + "  Scenario: S\n    Given x\n" * 5_000],
    ids=["brackets", "braces", "circle", "dashes", "tab", "mark", "tag", "keys", "scenarios"],
)  # fmt: skip
def test_texts_that_mean_harm_come_to_findings(services, text: str) -> None:
    """Deep, endless, circular and with tags of Python: each is answered, and soon."""
    begun = time.monotonic()
    for given in (TextsRequest(truth=text), TextsRequest(feature=text)):
        assert 0 < validate_texts(services, given)["errors"]
    assert 20 > time.monotonic() - begun


def test_many_scenarios_without_a_blank_line_cost_in_proportion(services) -> None:
    """The description that none of them has is not looked for to the end of the file."""
    begun = time.monotonic()
    feature = "Feature: F\n" + "  Scenario: S\n    Given x\n" * 4_000
    assert 12_000 <= validate_texts(services, TextsRequest(feature=feature))["errors"] + 10
    assert 10 > time.monotonic() - begun


def test_what_takes_too_long_is_given_up(services) -> None:
    """The time is that of one request, not of the server."""
    then = 'Then the Context key "Signals" contains at least 1 fact'
    scenarios = (f"\n  @invariant @structural\n  Scenario: S{number}\n    {then}\n" for number in range(3_000))
    feature = f"Feature: F\n{''.join(scenarios)}"
    with pytest.raises(InvalidTextsError, match="were not validated within"):
        validate_texts(services, TextsRequest(truth=HELLO, feature=feature), seconds=0.2)
    assert [] == _codes(validate_texts(services, TextsRequest(truth=HELLO, feature=FEATURE)))


def test_packs_are_those_of_the_server(tmp_path: Path) -> None:
    """A truth is checked against what it would run with."""
    hello_pack(tmp_path)
    drop_in(tmp_path / "truths", "any")
    (tmp_path / "packs" / "hello" / "facts.py").write_text("raise RuntimeError('broken')\n")
    codes = _codes(validate_texts(service(tmp_path).services, TextsRequest(truth=HELLO, feature=FEATURE)))
    assert "broken-pack" in codes


def test_choices_are_those_of_the_command(services) -> None:
    """Codes that nobody asked for are counted."""
    text = HELLO.replace("A greeting is answered", "A greeting might be answered")
    data = validate_texts(services, TextsRequest(truth=text, feature=FEATURE))
    code = data["findings"][0]["code"]
    ignoring = validate_texts(services, TextsRequest(truth=text, feature=FEATURE, ignore=(code,)))
    assert ([], 1) == (list(ignoring["findings"]), ignoring["left_out"])
