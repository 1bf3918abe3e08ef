"""Every format is read back as its takers read it: SARIF by its schema, JUnit as XML, commands as GitHub does."""

import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from jsonschema import Draft202012Validator
from small_site import Site

from converge_cli.app.validate.github import as_github
from converge_cli.app.validate.junit import as_junit
from converge_cli.app.validate.sarif import FINGERPRINT, as_sarif
from converge_cli.app.validate.validate_truths import Validation
from converge_cli.cli.findings import plain_findings
from converge_cli.cli.output import json_text
from converge_cli.truth.codes import BY_CODE
from converge_cli.truth.diagnostics import Diagnostic

SCHEMA = Path(__file__).parents[2] / "contract" / "sarif" / "sarif-2.1.0.json"
HOSTILE = "\x1b[31mred\x9b1m \u202etxt\u2066 a%0Ab::error::c,d:e\r\nnext ]]> <b a='\"'>& \x00\udc80 ö"


@pytest.fixture
def found(site: Site) -> Validation:
    """Errors with and without a mend, warnings, a suppressed finding, in several files."""
    site.replace(Site.TRUTH, "title: A note is written", "title: A note is perhaps written")
    site.replace(Site.FEATURE, "  @e2e", "  # converge: ignore CV041 -- the customer's words\n  @e2e")
    site.replace(Site.FEATURE, "  Scenario: A note is written", "  Scenario: A note might be written")
    site.replace(Site.FEATURE, "@structural", "@strutcural")
    return site.validate()


def hostile(**changes: Any) -> Diagnostic:
    """A finding all of whose words were chosen to do harm."""
    fields: dict[str, Any] = {
        "file": f"a {HOSTILE}.feature",
        "message": HOSTILE,
        "fix": HOSTILE,
        "source_line": HOSTILE,
    }
    place = {"line": 3, "column": 2, "end_column": 9, "id": "0" * 16}
    return Diagnostic("CV014", "unknown-step", "error", **(fields | place | changes))


def read_xml(text: str) -> ElementTree.Element:
    """The root of a document of our own."""
    return ElementTree.fromstring(text)  # noqa: S314  nothing from outside


def read_commands(lines: list[str]) -> list[tuple[str, dict[str, str], str]]:
    """Workflow commands as the runner reads them."""
    read = []
    for line in lines:
        match = re.fullmatch(r"::(error|warning) ([^\n]*?)::([^\n]*)", line)
        assert match is not None, line
        pairs = dict(pair.split("=", 1) for pair in match[2].split(","))
        names = {name: _unescaped(value).replace("%3A", ":").replace("%2C", ",") for name, value in pairs.items()}
        read.append((match[1], {name: value.replace("%25", "%") for name, value in names.items()}, _whole(match[3])))
    return read


def _unescaped(text: str) -> str:
    return text.replace("%0D", "\r").replace("%0A", "\n")


def _whole(text: str) -> str:
    return _unescaped(text).replace("%25", "%")


def test_sarif_is_valid_and_says_everything(found: Validation) -> None:
    """Rules with help, levels, places, fingerprints, the mend, and the suppression with its reason."""
    document = as_sarif(found.diagnostics, found.suppressed)
    Draft202012Validator(json.loads(SCHEMA.read_text())).validate(document)
    run = document["runs"][0]
    rules = run["tool"]["driver"]["rules"]
    for item, result in zip([*found.diagnostics, *found.suppressed], run["results"], strict=True):
        place = result["locations"][0]["physicalLocation"]
        assert (item.code, item.severity) == (result["ruleId"], result["level"])
        assert (item.code, BY_CODE[item.code].why) == (
            rules[result["ruleIndex"]]["id"],
            rules[result["ruleIndex"]]["fullDescription"]["text"],
        )
        assert item.file == place["artifactLocation"]["uri"]
        assert item.id == result["partialFingerprints"][FINGERPRINT]
        line = item.source_line[place["region"]["startColumn"] - 1 : place["region"]["endColumn"] - 1]
        assert line.strip() == line != ""
        assert [item.suppressed] == [
            entry["justification"] for entry in result.get("suppressions", [{"justification": None}])
        ]
    assert 1 == len([result for result in run["results"] if "fixes" in result])
    assert 1 == len([result for result in run["results"] if "suppressions" in result])
    assert "unicodeCodePoints" == run["columnKind"]


def test_sarif_of_nothing_is_valid() -> None:
    """A clean run is uploaded, too: it closes what was open."""
    document = as_sarif([], [])
    Draft202012Validator(json.loads(SCHEMA.read_text())).validate(document)
    assert [] == document["runs"][0]["results"]


@pytest.mark.parametrize(
    ("file", "uri"),
    [
        ("features/a b#ö%.feature", "features/a%20b%23%C3%B6%25.feature"),
        ("/away/x.yaml", "file:///away/x.yaml"),
    ],
)
def test_sarif_names_files_as_uris(file: str, uri: str) -> None:
    """Relative to where the command was called, escaped."""
    document = as_sarif([hostile(file=file, message="m", fix="f", source_line="abcdefghi")], [])
    location = document["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]
    assert uri == location["uri"]
    assert file.startswith("/") != ("uriBaseId" in location)


def test_junit_has_a_case_a_file_that_fails_with_what_counts(found: Validation) -> None:
    """The others pass; what does not count is output of its case."""
    root = read_xml(as_junit(found.files, found.diagnostics, frozenset({"error"})))
    cases = {case.get("name"): case for case in root.iter("testcase")}
    assert list(found.files) == list(cases)
    failed = {name for name, case in cases.items() if case.find("failure") is not None}
    assert {item.file for item in found.diagnostics if item.severity == "error"} == failed
    assert (str(len(cases)), str(len(failed))) == (root.get("tests"), root.get("failures"))
    for item in found.diagnostics:
        told = cases[item.file].findtext("failure" if item.severity == "error" else "system-out") or ""
        assert f"{item.file}:{item.line}:{item.column}: {item.severity} {item.code} {item.name}: {item.message}" in told
    strict = read_xml(as_junit(found.files, found.diagnostics, frozenset({"error", "warning"})))
    assert {item.file for item in found.diagnostics} == {
        case.get("name") for case in strict.iter("testcase") if case.find("failure") is not None
    }


def test_github_commands_say_the_same(found: Validation) -> None:
    """Severity, place, code, message and fix."""
    assert [
        (
            item.severity,
            {
                "file": item.file,
                "line": str(item.line),
                "col": str(item.column),
                "endColumn": str(item.end_column),
                "title": f"{item.code} {item.name}",
            },
            f"{item.message}\nfix: {item.fix}",
        )
        for item in found.diagnostics
    ] == read_commands(as_github(found.diagnostics))


def test_hostile_words_stay_words_in_every_format() -> None:
    """No escape sequence, no turned text, no line, command or element that nobody meant."""
    bad = hostile()
    clean = {"message": "m", "fix": "f", "source_line": "abcdefghijk", "file": "a"}
    shown = {
        "text": plain_findings([bad]),
        "sarif": json_text(as_sarif([bad], [hostile(**clean, suppressed=HOSTILE.replace("\udc80", ""))])),
        "junit": as_junit([bad.file], [bad], frozenset({"error"})),
        "github": "\n".join(as_github([bad])),
    }
    for text in shown.values():
        assert text.replace("\n", "").isprintable()
    assert 1 == len(shown["github"].split("\n"))
    [(_, properties, message)] = read_commands(shown["github"].split("\n"))
    assert ({"file", "line", "col", "endColumn", "title"}, 3) == (set(properties), len(message.split("\r\n")))
    [case] = read_xml(shown["junit"]).iter("testcase")
    assert ["failure"] == [child.tag for child in case]
    Draft202012Validator(json.loads(SCHEMA.read_text())).validate(json.loads(shown["sarif"]))


def test_text_underlines_what_is_wrong_in_any_script() -> None:
    """Wide letters take two columns, accents none, tabs are shown as they are written."""
    line = "\t漢字 e\u0301 wrong"
    at = line.index("wrong")
    item = hostile(file="a", message="m", fix="", source_line=line, column=at + 1, end_column=at + 6)
    shown = plain_findings([item]).split("\n")
    assert ("   3 │ \\t漢字 e\u0301 wrong", "     │ " + " " * 9 + "^^^^^") == (shown[1], shown[2].replace("\n", ""))


def test_of_ten_thousand_findings_the_first_of_each_sort_are_shown_and_the_rest_counted() -> None:
    """A screen full of the same helps nobody; the number does."""
    many = [hostile(file=f"f{number % 3}", message="m", fix="f", source_line="abcdefghijk") for number in range(10_000)]
    shown = plain_findings(many)
    assert 9 == shown.count("error CV014")
    assert "9991 findings are not shown; --format json has every one" in shown
    assert "3331 more of CV014 unknown-step in f0" in shown


def test_a_code_is_explained_once() -> None:
    """Where to read more is said at the first finding of a code."""
    some = [hostile(file="a", message="m", fix="f", source_line="abcdefghijk") for _ in range(3)]
    assert 1 == plain_findings(some).count("see  converge explain CV014")
