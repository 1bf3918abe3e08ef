"""The run at a real terminal: a pseudo-terminal with an emulated screen on the other end."""

import io
import re
from dataclasses import dataclass

import pexpect
import pyte
import pytest

KEYS = r"\[l\]ater"


@dataclass
class Seen:
    """How it ended, all that was ever on the screen, and the bytes that made it."""

    code: int
    lines: list[str]
    raw: str

    @property
    def text(self):
        """The lines as one text."""
        return "\n".join(self.lines)


@pytest.fixture
def terminal(converge):
    """Run a command at a terminal, answer what it asks; each answer is (what to wait for, what to type or do)."""

    def at_terminal(words, answers, *, columns=110, rows=45, cwd=None, **env):
        raw = io.StringIO()
        child = pexpect.spawn(
            str(converge.command),
            words.split(),
            env=converge.environment({"TERM": "xterm-256color", **env}),
            cwd=str(cwd or converge.folder),
            dimensions=(rows, columns),
            encoding="utf-8",
            timeout=20,
        )
        child.logfile_read = raw
        for wanted, answer in answers:
            child.expect(wanted)
            if callable(answer):
                answer(child)
            else:
                child.sendline(answer)
        child.expect(pexpect.EOF)
        child.close()
        screen = pyte.HistoryScreen(columns, rows, history=5000)
        pyte.Stream(screen).feed(raw.getvalue())
        past = ["".join(line[number].data for number in range(columns)) for line in screen.history.top]
        return Seen(child.exitstatus, [line.rstrip() for line in [*past, *screen.display]], raw.getvalue())

    return at_terminal


def test_a_person_is_asked_and_the_same_trace_goes_on_to_the_verdict(terminal):
    """Why, details, the wrong person, the right one with a reason: one process from the first cycle to the end."""
    seen = terminal(
        "run vendor-selection",
        [
            (KEYS, "w"),
            (KEYS, "d"),
            (KEYS, "a"),
            (r"as \(", "frank"),
            ("reason:", "because"),
            (KEYS, "a"),
            (r"as \(", "mona"),
            ("reason:", "three bids compared"),
        ],
    )
    assert 0 == seen.code
    for words in (
        "Human intervention required · 1 request",
        "✓ price-evaluator",
        "human approval present = false",
        "procurement_manager (mona, sofia); not petra",
        "rests on recommendation:acme",
        "refused ROLE_MISSING: needs role procurement_manager (recorded)",
        "✓ CriteriaMet   4 of 4 required · 6 cycles · 30 facts · 1 approval",
        'approved by mona (procurement_manager): "three bids compared"',
    ):
        assert words in seen.text
    assert re.search(r"digest   sha256 [0-9a-f]{64}", seen.text)
    assert 1 == len(set(re.findall(r"run ([a-z0-9]{9}) ·", seen.text)))


@pytest.mark.parametrize(
    "leave", ["l", lambda child: child.sendeof(), lambda child: child.sendintr()], ids=["later", "ctrl-d", "ctrl-c"]
)
def test_whoever_does_not_decide_leaves_the_run_paused(terminal, converge, leave):
    """Later, end of input and Ctrl-C at the prompt: exit 4, nothing decided, the commands that go on are shown."""
    seen = terminal("run vendor-selection", [(KEYS, leave)])
    (row,) = converge("runs", "--json").data["runs"]
    assert (4, "paused", 1) == (seen.code, row["status"], row["pending"])
    assert f"converge approve {row['run_id']} vendor_commitment --as WHO --reason TEXT" in seen.text


def test_eighty_columns_cut_no_id(terminal, converge):
    """Fact, request and run ids are whole; the two columns are stacked."""
    seen = terminal("run vendor-selection", [(KEYS, "l")], columns=80)
    request = converge("inbox", "--json").data["waiting"][0]["request"]
    words = set(seen.text.split())
    assert {request, "commitment:acme", "passed:vendor_due_diligence:acme", "passed:competitive_review:acme"} <= {
        word.rstrip(",") for word in words
    }
    assert 80 >= max(map(len, seen.lines))


def test_an_input_that_does_not_fit_is_told_in_whole_words_and_alone(terminal, converge):
    """No empty trace above it; the file is named as it was typed, and lines break at blanks."""
    (converge.folder / "bids.csv").write_text(
        'id,name,price,compliant,years_in_business,delivery_weeks\na,A,"8,200.00",true,5,many\n'
    )
    seen = terminal("run vendor-selection --input vendors=bids.csv", [], columns=80)
    assert 1 == seen.code
    assert [
        "error INPUT_INVALID  bids.csv, row 2, column price: '8,200.00' is not a decimal",
        "      number (digits, with a point and no separators)",
        "    bids.csv, row 2, column delivery_weeks: 'many' is not a decimal number",
    ] == [line for line in seen.lines if line][:3]


def test_no_color_means_no_colour(terminal):
    """Nothing is lost: the glyphs and words stay."""
    seen = terminal("run vendor-selection", [(KEYS, "l")], NO_COLOR="1")
    colours = [code for code in re.findall("\x1b\\[([0-9;]*)m", seen.raw) if re.search(r"(^|;)(3[0-8]|9[0-7])", code)]
    assert [] == colours
    assert "⏸ HumanInterventionRequired" in seen.text


def test_a_dumb_terminal_gets_plain_lines_and_is_asked_all_the_same(terminal):
    """No escape at all, one line an event, the prompt, the verdict."""
    seen = terminal(
        "run vendor-selection", [(KEYS, "a"), (r"as \(", "mona"), ("reason:", "checked")], TERM="dumb", columns=160
    )
    assert 0 == seen.code
    assert "\x1b" not in seen.raw
    assert "✓ CriteriaMet" in seen.text


def test_no_input_at_a_terminal_never_prompts(terminal):
    """The same terminal, told not to ask."""
    seen = terminal("run vendor-selection --no-input", [])
    assert 4 == seen.code
    assert "[a]pprove" not in seen.text


def test_ctrl_c_during_a_run_says_so_and_how_to_go_on(terminal, converge, project):
    """The first Ctrl-C is answered at once, and the verdict names the command that goes on."""
    folder = project.write("class Writer(Base):\n    async def execute(self, view):\n        await asyncio.sleep(60)\n")
    seen = terminal(f"run {folder}/truths/small", [("running", lambda child: child.sendintr())])
    (row,) = converge("runs", "--json").data["runs"]
    assert (130, "Cancelled") == (seen.code, row["reason"])
    assert f"converge resume {row['run_id']}" in seen.text


def test_the_prompt_tells_what_people_decided_on_the_like_before(terminal, converge):
    """Two earlier runs of the truth: one approved, one rejected, each with who and why."""
    run = ("run", "vendor-selection", "--no-input", "--json")
    for verb, who, reason in (("approve", "mona", "three bids compared"), ("reject", "sofia", "too dear")):
        waiting = converge(*run).data["run_id"]
        converge(verb, waiting, "vendor_commitment", "--as", who, "--reason", reason)
    seen = terminal("run vendor-selection", [(KEYS, "l")])
    before = [line.strip("│ ") for line in seen.lines if " before " in line]
    assert 4 == seen.code
    assert ["sofia rejected just this", "mona approved just this"] == [
        " ".join(line.split()[1:5]) for line in before if "on 20" in line or "just this" in line
    ]
    assert '"too dear"' in seen.text


@pytest.mark.parametrize(("said", "code"), [("y", 0), ("n", 2), ("", 2)])
def test_a_person_is_asked_before_a_run_goes_on_with_other_packs(terminal, converge, project, said, code):
    """Silence is a no: exit 2, and the run stays as it was; a yes goes on."""
    folder = project.execute("raise ValueError('first')\n")
    run = converge("run", "small", "--json", cwd=folder).data["run_id"]
    project.write()
    seen = terminal(f"resume {run}", [(r"\[y/N\]", said)], cwd=folder)
    assert "the packs of this run have changed since it paused" in seen.text
    assert ".py changed" in seen.text
    assert code == seen.code


@pytest.mark.parametrize("key", ["l", "a"])
def test_the_prompt_goes_on_when_somebody_else_has_decided(terminal, converge, key):
    """Approved from another terminal while this one asks: whatever is pressed, the run takes the decision and ends."""

    def approve_elsewhere(child):
        run = re.search(r"([a-z0-9]{9})\.vendor_commitment\.", child.before)[1]
        converge("approve", run, "vendor_commitment", "--as", "mona", "--reason", "three bids compared")
        child.sendline(key)

    seen = terminal("run vendor-selection", [(KEYS, approve_elsewhere)])
    assert 0 == seen.code
    assert 'decided meanwhile: approved by mona (procurement_manager): "three bids compared"' in seen.text
    assert "✓ CriteriaMet   4 of 4 required" in seen.text
    assert "converge approve" not in seen.text


def test_a_prompt_whose_run_ended_meanwhile_shows_its_verdict(terminal, converge):
    """Another process approved and drove it to its end: that is how this run ended, with its exit code."""

    def end_elsewhere(child):
        run = re.search(r"([a-z0-9]{9})\.vendor_commitment\.", child.before)[1]
        converge("approve", run, "vendor_commitment", "--as", "mona", "--reason", "three bids compared")
        converge("resume", run, "--no-input")
        child.sendline("a")

    seen = terminal("run vendor-selection", [(KEYS, end_elsewhere)])
    assert 0 == seen.code
    assert "✓ CriteriaMet   4 of 4 required" in seen.text
    assert "ended for good" not in seen.text


def test_what_validate_tells_of_runs_breaks_at_blanks(terminal):
    """At sixty columns every line fits, and none begins in the middle of a word."""
    seen = terminal("validate --run vendor-selection", [], columns=60)
    words = " ".join(" ".join(seen.lines).split())
    assert 0 == seen.code
    assert "its own run ends HumanInterventionRequired; " in words
    assert " skipped (not exercised), " in words
    assert "clauses: 0 deferred" in words
