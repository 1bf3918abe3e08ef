"""`converge validate` and `converge explain` as CI calls them: formats, exit codes, and texts that mean harm."""

import json
import subprocess
import time
from typing import Any
from xml.etree import ElementTree

import pytest

CODES = {"--fail-on error": 0, "--fail-on warning": 1, "--fail-on never": 0}


def spoil(project: Any) -> Any:
    """A project with one warning."""
    return project.write(replace={"title: A note is written": "title: A note is perhaps written"})


@pytest.mark.parametrize(("option", "code"), CODES.items())
def test_a_warning_fails_when_it_is_asked_to(converge: Any, project: Any, option: str, code: int) -> None:
    """The findings are the same; only the exit code differs."""
    ran = converge("validate", *option.split(), "--json", cwd=spoil(project))
    assert (code, ["CV041"]) == (ran.code, [item["code"] for item in ran.data["findings"]])


def test_an_error_fails_unless_nothing_may_fail(converge: Any, project: Any) -> None:
    """A report that is uploaded is made even so."""
    folder = project.write(replace={"title: A": "titel: A"})
    assert [1, 1, 0] == [
        converge("validate", "--fail-on", word, cwd=folder).code for word in ("error", "warning", "never")
    ]


def test_an_empty_path_is_wrong_usage(converge: Any, project: Any) -> None:
    """A shell's unset variable: it must not pass as a check of the working folder."""
    ran = converge("validate", "", "--json", cwd=project.write())
    assert (2, "USAGE", "an empty path names nothing") == (ran.code, ran.error["code"], ran.error["message"])


def test_every_format_is_on_stdout_alone(converge: Any, project: Any) -> None:
    """JSON and SARIF parse, JUnit is XML, GitHub's commands come line by line; stderr stays empty."""
    folder = spoil(project)
    ran = {
        name: converge("validate", "--format", name, cwd=folder)
        for name in ("text", "json", "sarif", "junit", "github")
    }
    assert {""} == {item.err for item in ran.values()}
    assert "CV041" == json.loads(ran["json"].out)["data"]["findings"][0]["code"]
    assert "CV041" == json.loads(ran["sarif"].out)["runs"][0]["results"][0]["ruleId"]
    assert "testsuites" == ElementTree.fromstring(ran["junit"].out).tag  # noqa: S314  our own
    assert "::warning file=truths/small/truth.yaml,line=4,col=18," in ran["github"].out
    assert "see  converge explain CV041" in ran["text"].out


def test_the_document_of_findings_is_this(converge: Any, project: Any) -> None:
    """Names and types of every value; programs rely on them."""
    folder = project.write(replace={"title: A note is written": "title: A note is perhaps written\nshape: 1"})
    project.feature.write_text(project.feature.read_text().replace("@structural", "@strucural"))
    data = converge("validate", "--json", cwd=folder).data
    assert ["errors", "files", "findings", "left_out", "mended", "suppressed", "truths", "warnings"] == sorted(data)
    tag = next(item for item in data["findings"] if item["code"] == "CV021")
    assert {
        "code": "CV021",
        "name": "unknown-tag",
        "severity": "error",
        "file": "features/small.feature",
        "line": 3,
        "column": 14,
        "end_column": 24,
        "message": "unknown tag @strucural",
        "fix": "did you mean structural?",
        "source_line": "  @invariant @strucural @id:notes_have_text",
        "replacement": {"column": 15, "end_column": 24, "text": "structural"},
        "id": tag["id"],
    } == tag


def test_fix_says_what_it_did_and_what_is_left(converge: Any, project: Any) -> None:
    """On stdout with the findings; beside a document for programs, on stderr."""
    folder = project.write(replace={"title: A note is written": "titel: A note is perhaps written"})
    first = converge("validate", "--fix", "--format", "sarif", cwd=folder)
    assert "mended truths/small/truth.yaml:4:1  titel → title  (CV009)\n" == first.err
    assert ["CV041"] == [item["ruleId"] for item in json.loads(first.out)["runs"][0]["results"]]
    assert [] == converge("validate", "--fix", "--json", cwd=folder).data["mended"]


def test_codes_are_selected_by_any_of_their_words(converge: Any, project: Any) -> None:
    """What is left out is counted."""
    folder = spoil(project)
    for words in (["--select", "CV041"], ["--select", "file,wording"], ["--ignore", "gherkin", "--ignore", "CV02"]):
        assert ["CV041"] == [
            item["code"] for item in converge("validate", *words, "--json", cwd=folder).data["findings"]
        ]
    out = converge("validate", "--ignore", "hedging-word", cwd=folder)
    assert (0, True) == (out.code, "1 left out by --select or --ignore" in out.out)


def test_hostile_words_reach_no_terminal_or_log(converge: Any, project: Any) -> None:
    """Escapes, C1 controls and marks that turn text around, in sources and names."""
    bad = "x\x1b]0;owned\x07\u009b31m\u202e\u2066"
    folder = project.write()
    project.feature.write_text(project.feature.read_text() + f"\n  @e2e @id:x\n  Scenario: {bad}\n    Then {bad}\n")
    (folder / "features" / f"{bad[:9]}.feature").write_text(f"Feature: {bad}\n")
    for name in ("text", "json", "sarif", "junit", "github"):
        out = converge("validate", "--format", name, cwd=folder).out
        assert out.replace("\n", "").isprintable(), name


def test_ten_thousand_findings_are_told_in_time(converge: Any, project: Any) -> None:
    """All of them as JSON; on a screen the first of each sort, and how many more there are."""
    folder = project.write()
    project.truth.write_text(project.truth.read_text() + "".join(f"key{number}: 1\n" for number in range(10_000)))
    began = time.perf_counter()
    text = converge("validate", cwd=folder)
    assert (1, True) == (text.code, "9997 findings are not shown" in text.out)
    assert 10_000 == converge("validate", "--json", cwd=folder).data["errors"]
    assert time.perf_counter() - began < 20


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("large.yaml", b"# " + b"x" * 50_000_000, "CV001"),
        ("large.feature", b"Feature: x\n" * 5_000_000, "CV001"),
        ("deep.yaml", b"key: " + b"[" * 100_000, "CV008"),
        ("steep.yaml", b"".join(b" " * depth + b"a:\n" for depth in range(2_000)), "CV008"),
        ("binary.yaml", bytes(range(256)) * 1_000, "CV003"),
    ],
)
def test_enormous_files_are_refused_in_no_time_and_little_memory(
    converge: Any, tmp_path: Any, name: str, data: bytes, code: str
) -> None:
    """Two seconds and 300 MB are the bars; a shared machine gets three times the time."""
    (tmp_path / name).write_bytes(data)
    program = (
        "import resource, subprocess, sys\n"
        "done = subprocess.run(sys.argv[1:], capture_output=True)\n"
        "sys.stderr.write(f'{done.returncode} {resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss}')\n"
        "sys.stdout.buffer.write(done.stdout)\n"
    )
    converge("version")
    began = time.perf_counter()
    import sys

    done = subprocess.run(
        [sys.executable, "-c", program, converge.command, "validate", name, "--json"],
        cwd=tmp_path, env=converge.environment(), capture_output=True, check=True,
    )  # fmt: skip
    took = time.perf_counter() - began
    returned, kilobytes = map(int, done.stderr.split())
    assert (1, code) == (returned, json.loads(done.stdout)["data"]["findings"][0]["code"])
    assert (took < 6, kilobytes < 300_000) == (True, True), (took, kilobytes)


@pytest.mark.parametrize("word", ["CV014", "cv014", "unknown-step", "Unknown-Step"])
def test_a_code_is_explained_by_code_and_by_name(converge: Any, word: str) -> None:
    """With what gives it, how it is mended, and how it is suppressed, if it can be."""
    ran = converge("explain", word)
    assert 0 == ran.code
    for part in ("error CV014  unknown-step", "so it is found", "so it is not", "suppress   never"):
        assert part in ran.out
    [data] = converge("explain", word, "--json").data["codes"]
    assert ("CV014", "step", "error") == (data["code"], data["group"], data["severity"])


def test_a_group_lists_its_codes_and_an_unknown_word_has_a_neighbour(converge: Any) -> None:
    """The words that --select knows, too."""
    assert ["CV041", "CV050"] == [line.split()[0] for line in converge("explain", "wording").out.splitlines()[:2]]
    ran = converge("explain", "unknwon-step", "--json")
    assert (2, "USAGE", "did you mean unknown-step?") == (ran.code, ran.error["code"], ran.error["hint"])
