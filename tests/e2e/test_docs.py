"""What the documentation says is so: its commands run, its code runs, its tables are those of the code, its links lead.

In a `$ converge` line `RUN` stands for the newest run, `KEY` for the newest key, and `# exit N` says what it ends with
when that is not 0.
"""

import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec import inspect
from typer.main import get_command

from converge_cli import testing
from converge_cli.app.result_data import EXIT_CODES
from converge_cli.cli.command_list import COMMANDS
from converge_cli.cli.exit_code import CODE_OF_ERROR
from converge_cli.cli.main import load
from converge_cli.core.ledger import MIRROR_KEYS
from converge_cli.core.stop_reason import StopReason
from converge_cli.server.ledger_service import STATUS
from converge_cli.settings import load_settings
from converge_cli.truth.contract import Contract

ROOT = Path(__file__).resolve().parents[2]
GREENHOUSE = "docs/examples/custom-agent"
WITH_COMMANDS = {
    "README.md": ".",
    "docs/guide.md": ".",
    "docs/ledger.md": ".",
    "docs/policy.md": ".",
    "docs/receipt.md": ".",
    "docs/service-access.md": ".",
    "docs/service.md": ".",
    f"{GREENHOUSE}/README.md": GREENHOUSE,
}
FIRST_GATE = "docs/first-gate.md"
PAGES = sorted(
    path.relative_to(ROOT).as_posix()
    for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("packs/*/*.md")]
)
LEFT_OUT = shutil.ignore_patterns("__pycache__", ".converge")


def text_of(page: str) -> str:
    """A page."""
    return (ROOT / page).read_text(encoding="utf-8")


def blocks(page: str, language: str) -> list[str]:
    """The fenced blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", text_of(page), re.MULTILINE | re.DOTALL)


def commands(page: str) -> list[tuple[str, int]]:
    """Each `$ converge ...` line of a page, and the exit code that stands beside it."""
    lines = [line[2:] for line in text_of(page).splitlines() if line.startswith("$ converge ")]
    found = []
    for line in lines:
        command, _, comment = line.partition(" # ")
        said = re.match(r"exit (\d+)", comment.strip())
        found.append((command.strip(), int(said[1]) if said else 0))
    return found


def table(page: str, heading: str) -> list[list[str]]:
    """The cells of the table whose header begins with these cells."""
    below = text_of(page).split(f"{heading}\n", 1)[1].splitlines()
    rows = []
    for line in below[1:]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split(" | ")])
    return rows


def copied(folder: Path) -> Path:
    """A checkout's content in a folder of the test's own."""
    for name in ("truths", "packs", "features", GREENHOUSE):
        shutil.copytree(ROOT / name, folder / "copy" / name, ignore=LEFT_OUT)
    return folder / "copy"


@pytest.mark.parametrize("page", WITH_COMMANDS)
def test_every_command_of_a_page_ends_as_the_page_says(page: str, converge: Any, tmp_path: Path) -> None:
    """In order, in one folder, as a reader would type them."""
    assert_commands(page, converge, copied(tmp_path) / WITH_COMMANDS[page])


def assert_commands(page: str, converge: Any, here: Path) -> None:
    """Type the commands of a page, one after the other."""
    expected = commands(page)
    ended = []
    for command, _ in expected:
        words = shlex.split(command)[1:]
        if "RUN" in words:
            newest = converge("runs", "--limit", "1", "--json", cwd=here).data["runs"][0]["run_id"]
            words = [newest if word == "RUN" else word for word in words]
        if "KEY" in words:
            key = converge("keys", "list", "--json", cwd=here).data["keys"][-1]["id"]
            words = [key if word == "KEY" else word for word in words]
        ended.append((command, converge(*words, cwd=here).code))

    assert expected
    assert expected == ended


def mentioned(page: str) -> list[str]:
    """Every command that a page shows or names, executed or not, without its comment."""
    text = text_of(page).replace("\\\n", " ")
    shown = re.findall(r"^(?:\$ | {4}(?:\$ )?)?(converge(?: [^#\n]*)?)", text, re.MULTILINE)
    return [
        *shown,
        *re.findall(r"`(converge [^`]+)`", re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)),
    ]


def unknown_words(line: str) -> list[str]:
    """What a command line says that no command or option is called."""
    words = [word.partition("=")[0].strip("[]") for word in line.split()[1:]]
    if not words or words[0].startswith("-"):
        return []
    name = words[0]
    if name not in COMMANDS:
        return [name]
    command = get_command(load(COMMANDS[name].module))
    below = getattr(command, "commands", None)
    chosen, wrong = [command], []
    if below is not None and len(words) > 1:
        subs = words[1].split("|")
        wrong += [sub for sub in subs if sub not in below]
        chosen = [below[sub] for sub in subs if sub in below]
    known = {option for item in chosen for param in item.params for option in (*param.opts, *param.secondary_opts)}
    return [*wrong, *(word for word in words if re.match(r"--?[a-z]", word) and word not in {*known, "--help"})]


@pytest.mark.parametrize("page", PAGES)
def test_no_page_names_a_command_or_option_that_is_not_there(page: str) -> None:
    """Also where it is not executed: the file is the reader's, or it would not end."""
    assert [] == [(line, wrong) for line in mentioned(page) if (wrong := unknown_words(line))]


def test_the_page_of_the_first_gate_needs_no_more_than_its_files(converge: Any, tmp_path: Path) -> None:
    """Each block of a file begins with its path; in an otherwise empty folder the commands end as the page says."""
    files = re.findall(r"^```\w+\n(?:#|//) (\S+/\S+)\n(.*?)^```", text_of(FIRST_GATE), re.MULTILINE | re.DOTALL)
    for name, text in files:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")

    assert 10 == len(files)
    assert "ada@example.org" in dict(files)["truths/grants/applications.yaml"]
    assert_commands(FIRST_GATE, converge, tmp_path)
    converge("experience", "export", "--all", "-o", "all.jsonl", cwd=tmp_path)
    recorded = (tmp_path / "all.jsonl").read_text(encoding="utf-8")
    assert (True, False) == ("[redacted]" in recorded, "ada@example.org" in recorded)


def test_the_readmes_program_prints_what_the_readme_says_and_is_short() -> None:
    """At most fifteen lines of code; what it prints stands beside the print."""
    [program] = blocks("README.md", "python")
    code = [line for line in program.splitlines() if line.strip() and not line.strip().startswith("#")]
    said = re.search(r"^print\(.*\)  # (.*)$", program, re.MULTILINE)
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, timeout=60, check=False
    )

    assert len(code) <= 15
    assert (0, f"{said[1]}\n", "") == (done.returncode, done.stdout, done.stderr)


def guide_block(name: str) -> str:
    """The Python block of the guide that begins with `# name`."""
    [found] = [block for block in blocks("docs/guide.md", "python") if block.startswith(f"# {name}")]
    return found


def test_the_guides_pack_passes_the_guides_test(converge: Any, tmp_path: Path) -> None:
    """Both are written where the guide says, and pytest runs as the guide says."""
    for name in ("packs/tickets.py", "tests/test_tickets.py"):
        path = tmp_path / name
        path.parent.mkdir()
        path.write_text(guide_block(name))
    (tmp_path / "truths").mkdir()
    shown = converge("packs", "show", "tickets", "--json", cwd=tmp_path)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert 0 == shown.code, shown.out
    assert 0 == done.returncode, done.stdout
    assert "1 passed" in done.stdout


def test_a_truth_says_the_step_of_the_guides_pack(converge: Any, tmp_path: Path) -> None:
    """The step that the guide adds to its pack, said as the guide says it."""
    for folder in ("packs", "truths/answered", "features"):
        (tmp_path / folder).mkdir(parents=True)
    [step] = [block for block in blocks("docs/guide.md", "python") if "@step(" in block]
    [said] = re.findall(r"^`(Then [^`]*within[^`]*)`", text_of("docs/guide.md"), re.MULTILINE)
    (tmp_path / "packs" / "tickets.py").write_text(f"{guide_block('packs/tickets.py')}\n\n{step}")
    (tmp_path / "truths" / "answered" / "truth.yaml").write_text(
        "truth: v1\nkey: answered\nkind: job\ntitle: Every ticket is answered in time\npacks: [tickets]\n"
        "success_criteria: [{id: judged, description: A ticket is judged,"
        ' then: [\'the Context key "Evaluations" contains at least 1 fact with id "urgency:*"\']}]\n'
    )
    (tmp_path / "features" / "answered.feature").write_text(
        "Feature: Answers\n  @invariant @structural\n  Scenario: One ticket is answered in time\n"
        f'    Given any fact under key "Seeds" with id "ticket:*"\n    {said}\n'
    )
    found = converge("validate", "--json", "--fail-on", "warning", cwd=tmp_path)

    assert (0, []) == (found.code, found.data["findings"]), found.out


def test_the_guides_program_computes_the_outcome_digest(converge: Any, tmp_path: Path) -> None:
    """The formula in the guide is that of the engine: for a run that ended, one that waits, one that policy denied."""
    program = guide_block("digest.py")
    for words in (["hello-convergence"], ["vendor-selection"], ["vendor-selection", "--as", "frank"]):
        ran = converge("run", *words, "--json", cwd=copied(tmp_path / words[-1]))
        done = subprocess.run(
            [sys.executable, "-c", program], input=ran.out, capture_output=True, text=True, timeout=60, check=False
        )
        assert f"{ran.data['outcome_digest']}\n" == done.stdout, done.stderr


def test_the_head_is_the_chain_that_the_guide_describes(converge: Any) -> None:
    """Over the lines of --trace jsonl, which are the canonical bytes of the events."""
    import hashlib
    import json

    *events, result = converge("run", "hello-convergence", "--trace", "jsonl").out.splitlines()
    head = bytes(32)
    for line in events:
        head = hashlib.sha256(b"\0" + head + line.encode()).digest()

    assert json.loads(result)["data"]["head"] == head.hex()


def contract_keys(model: inspect.StructType, prefix: str = "") -> Iterator[str]:
    """Each key of the contract as the guide writes it."""
    for field in model.fields:
        shown = prefix + field.encode_name
        inner, several = _section(field.type)
        if inner is None:
            yield shown
        else:
            shown += "[]" if several == "[]" else ""
            yield shown
            if not _is_clause(inner):
                yield from contract_keys(inner, shown + (".*." if several == ".*" else "."))


def _section(kind: inspect.Type) -> tuple[inspect.StructType | None, str]:
    """The section that a field holds, and whether it holds one, a list or a mapping of them."""
    if isinstance(kind, inspect.StructType):
        return kind, ""
    if isinstance(kind, inspect.UnionType):
        return next((found for found in map(_section, kind.types) if found[0] is not None), (None, ""))
    if isinstance(kind, inspect.VarTupleType):
        return _section(kind.item_type)[0], "[]"
    if isinstance(kind, inspect.DictType):
        return _section(kind.value_type)[0], ".*"
    return None, ""


def _is_clause(model: inspect.StructType) -> bool:
    """Clauses with a check are told of in one place: the paragraph on closure."""
    return any(field.name == "guarded_by" for field in model.fields)


def test_the_guide_names_every_key_of_a_truth_and_no_other() -> None:
    """A key that is added, renamed or removed shows up here."""
    told = [row[0].strip("`") for row in table("docs/guide.md", "| key | effect |")]

    assert list(contract_keys(inspect.type_info(Contract))) == told


def test_the_guide_names_every_stop_reason_with_its_exit_code() -> None:
    """Both directions; Converged and the input's HumanInterventionRequired included."""
    rows = table("docs/guide.md", "| stop reason | when | exit |")

    assert {reason.value: EXIT_CODES[reason] for reason in StopReason} == {row[0]: int(row[2]) for row in rows}


@pytest.mark.parametrize(
    ("heading", "file", "pattern", "elsewhere"),
    [
        (
            "| code | the proposal |",
            "converge_cli/engine/proposal_checks.py",
            r"RejectedError\(\s*\"([A-Z_]+)\"",
            {"CONSTRAINT", "VALIDATION", "CONTRACT", "TRANSITION_ILLEGAL", "TRANSITION_GATE_MISSING"},
        ),
        (
            "| code | why |",
            "converge_cli/engine/decision.py",
            r"\"([A-Z_]{6,})\"",
            {"REQUEST_UNKNOWN", "REQUEST_AMBIGUOUS"},
        ),
    ],
)
def test_the_guide_names_every_code_of_a_refusal(heading: str, file: str, pattern: str, elsewhere: set[str]) -> None:
    """Codes of the gate and of the human path, both directions."""
    raised = set(re.findall(pattern, text_of(file))) | elsewhere

    assert raised == {row[0] for row in table("docs/guide.md", heading)}


class Recording(dict[str, str]):
    """An environment that remembers what it was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: set[str] = set()

    def get(self, key: str, default: Any = None) -> Any:
        """Nothing is set."""
        self.asked.add(key)
        return default


def test_the_guide_names_every_setting_and_environment_variable_and_no_other(tmp_path: Path) -> None:
    """The variables are those that are really read; the keys of converge.yaml are those that it accepts."""
    environment = Recording()
    load_settings(tmp_path, environment)
    rows = [
        [cell.strip("`") for cell in row]
        for row in table("docs/guide.md", "| in converge.yaml | in the environment | means | default |")
    ]
    (tmp_path / "converge.yaml").write_text(
        "storage: {backend: memory, path: here}\npeople: people.yaml\nledger: l.db\n"
    )
    accepted = load_settings(tmp_path, environment)

    assert environment.asked == {name for row in rows for name in re.findall(r"[A-Z]+_[A-Z_]+", " ".join(row))}
    assert ["storage.backend", "storage.path", "people", "ledger", ""] == [row[0].strip(" |`") for row in rows]
    assert ("memory", tmp_path / "here", tmp_path / "people.yaml", str(tmp_path / "l.db")) == (
        accepted.storage_backend,
        accepted.storage_path,
        accepted.people,
        accepted.ledger and accepted.ledger.target,
    )


def test_the_ledgers_page_names_every_code_with_its_status_and_exit_code() -> None:
    """Both directions, against the tables of the server and the command line."""
    rows = {row[0]: row[1:] for row in table("docs/ledger.md", "| code | gRPC status | exit |")}
    codes = set(re.findall(r'"(LEDGER_[A-Z_]+)"', text_of("converge_cli/core/ledger_errors.py")))
    statuses = {code: status.name for code, status in STATUS.items()}

    assert codes == set(rows)
    assert {code: [statuses.get(code, "none"), str(int(CODE_OF_ERROR.get(code, 1)))] for code in codes} == rows


def test_the_ledgers_page_names_every_key_and_method() -> None:
    """The keys under which runs are mirrored, and the methods of the protocol."""
    methods = re.findall(r"^  rpc (\w+)", text_of("converge_cli/_internal/wire/ledger.proto"), re.MULTILINE)

    assert sorted(MIRROR_KEYS) == sorted(row[0].strip("`") for row in table("docs/ledger.md", "| key | events |"))
    assert methods == [row[0].strip("`") for row in table("docs/ledger.md", "| method | request | answer |")]


def test_the_guide_names_the_whole_test_kit() -> None:
    """Every public name of converge_cli.testing."""
    kit = text_of("docs/guide.md").split("## 7. ", 1)[1].split("## 8. ", 1)[0]

    assert [] == [name for name in testing.__all__ if f"`{name}`" not in kit]


def anchors(page: str) -> set[str]:
    """What a link may name behind #, for each heading."""
    headings = re.findall(r"^#+ (.*)$", text_of(page), re.MULTILINE)
    return {re.sub(r"[^a-z0-9 _-]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_somewhere(page: str) -> None:
    """Files exist, headings exist; the outside world is not asked."""
    prose = re.sub(r"^```.*?^```", "", text_of(page), flags=re.MULTILINE | re.DOTALL)
    broken = []
    for link in re.findall(r"\]\(([^)\s]+)\)", prose):
        if link.startswith(("https://", "http://")):
            continue
        file, _, anchor = link.partition("#")
        target = ((ROOT / page).parent / file).resolve() if file else ROOT / page
        inside = target.is_relative_to(ROOT) and target.exists()
        if not inside or (anchor and anchor not in anchors(target.relative_to(ROOT).as_posix())):
            broken.append(link)

    assert [] == broken


def test_every_file_that_the_page_for_maintainers_names_is_there() -> None:
    """Whoever follows it stands in front of the right file."""
    named = set(re.findall(r"`([\w./]+(?:\.py|/)|\.ci/run|tests/[\w./]+)`", text_of("docs/maintaining.md")))
    homes = [ROOT, ROOT / "docs", ROOT / "converge_cli", ROOT / "converge_cli" / "engine"]

    assert len(named) > 40
    assert set() == {name for name in named if not any((home / name).exists() for home in homes)}
