"""Hostile packs, files, terminals and surroundings: one clear answer, the right exit code, never a traceback."""

import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from textwrap import dedent

import pytest

QUICK = "class Writer(Base):\n    timeout = 1\n\n"
ROWS = 'inputs: {notes: {file: notes.csv, kind: note, id: "note:{text}", as: rows}}\n'


def finding(ran):
    """The first finding of a truth that did not compile."""
    assert (1, "TRUTH_INVALID") == (ran.code, ran.error["code"])
    return ran.error["findings"][0]


@pytest.fixture
def converge(tmp_path, started_in):
    """The command, started anew each time: who it is among processes is what is tested here."""
    return started_in(tmp_path)


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("raise RuntimeError('[/red] \\x1b[2J')", "can't be imported: RuntimeError"),
        ("sys.exit(0)", "calls sys.exit while it is imported"),
        ("os._exit(0)", "calls os._exit while it is imported"),
        ("os.execv('/bin/true', ['true'])", "calls os.execv while it is imported"),
        ("class Writer(Base):\n    def __init__(self, p): raise ValueError('no')", "ValueError: no"),
        ("class Writer(Base):\n    def __init__(self, p): sys.exit(0)", "raised SystemExit"),
        ("def Writer(parameters):\n    while True: pass", "still making its suggestors after 5 seconds"),
        ("def Writer(parameters):\n    return 3", "Writer raised TypeError"),
    ],
)
def test_a_pack_that_will_not_load_is_a_finding_at_the_truth(converge, project, code, told):
    """Raising, exiting and looping, while it is imported and while its suggestors are made."""
    code += "" if "Writer" in code else "\n" + dedent(project.WRITER)
    if code.startswith("class Writer"):
        code += "\n    def execute(self, view): return Effect()\n"
    found = finding(converge("run", "small", "--json", cwd=project.write(code)))
    assert ("CV026", 6) == (found["code"], found["line"])
    assert told in found["message"]


@pytest.mark.parametrize(
    ("command", "code", "where"),
    [
        ("run small", "time.sleep(10**6)", "import of pack small"),
        ("validate", "def Writer(parameters):\n    time.sleep(10**6)\n", "Writer of pack small"),
    ],
)
def test_a_pack_that_is_lost_in_c_ends_the_command_by_name(converge, project, command, code, where):
    """It can't be interrupted: exit 1, one document, within seconds, whichever thread it holds."""
    ran = converge(*command.split(), "--json", cwd=project.write(code), timeout=30)
    assert (1, "STUCK", where) == (ran.code, ran.error["code"], ran.error["where"])


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("    def execute(self, view):\n        while True: pass", "TIMEOUT"),
        (
            "    def execute(self, view):\n        while True:\n            try:\n                time.sleep(0.01)\n"
            "            except BaseException: pass",
            "STUCK",
        ),
        ("    async def execute(self, view):\n        await asyncio.sleep(10**6)", "TIMEOUT"),
        ("    async def execute(self, view):\n        await asyncio.to_thread(time.sleep, 10**6)", "TIMEOUT"),
        ("    def execute(self, view):\n        time.sleep(10**6)", "STUCK"),
        ("    def execute(self, view):\n        sys.exit(0)", "EXCEPTION"),
        ("    def execute(self, view):\n        os._exit(0)", "EXCEPTION"),
        (
            "    def accepts(self, view):\n        os._exit(0)\n\n    def execute(self, view): return Effect()",
            "EXCEPTION",
        ),
        ("    async def execute(self, view):\n        await asyncio.to_thread(os._exit, 0)", "EXCEPTION"),
        ("    def execute(self, view):\n        return 'rubbish'", "EFFECT_INVALID"),
        ("    def execute(self, view):\n        return view.facts('Seeds')", "EXCEPTION"),
        ("    def execute(self, view):\n        return self.execute(view)", "EXCEPTION"),
    ],
)
def test_a_suggestor_that_misbehaves_is_recorded_by_name(converge, project, body, code):
    """Looping, sleeping, blocking the loop, leaving threads, exiting: exit 1, nobody hangs, the run is on record."""
    folder = project.write(QUICK + body + "\n")
    ran = converge("run", "small", "--json", cwd=folder, timeout=30)
    (row,) = converge("runs", "--json", cwd=folder).data["runs"]
    assert (1, "SuggestorFailed", {"writer": code}) == (ran.code, ran.document["outcome"], ran.data["failures"])
    assert (ran.data["run_id"], "paused", "SuggestorFailed") == (row["run_id"], row["status"], row["reason"])


def test_a_suggestor_that_fails_is_told_with_the_line_of_its_pack(converge, project):
    """In what is recorded and in the finding of validate; from the pack's folder on, so the same on every machine."""
    folder = project.execute("amount = 0\nreturn self.note(view, 1 / amount)")
    line = next(n for n, text in enumerate(project.pack.read_text().split("\n"), 1) if "1 / amount" in text)
    told = f"small.py:{line}: ZeroDivisionError: division by zero"
    checked = converge("validate", "--run", "--json", cwd=folder)
    converge("run", "small", "--json", cwd=folder)
    query = ["experience", "query", "--event", "SuggestorFailed", "--json"]

    assert [told] == [item["event"]["detail"] for item in converge(*query, cwd=folder).data["events"]]
    assert f"suggestor writer failed: EXCEPTION, {told}" in checked.data["findings"][0]["message"]


def test_a_suggestor_that_takes_long_is_named_while_it_runs(converge, project):
    """On stderr: a check of many runs that says nothing for a minute looks as if it hung."""
    slow = "class Writer(Base):\n    timeout = 5.5\n\n    def execute(self, view):\n        while True: pass\n"
    ran = converge("validate", "--run", "--json", cwd=project.write(slow), timeout=30)
    assert (1, ["suggestor writer has been running for 5 s"]) == (ran.code, ran.err.splitlines())


def test_a_mended_pack_lets_the_stuck_run_go_on(converge, project):
    """The run was paused, not lost; that it goes on with another pack is said, and has to be agreed to once."""
    folder = project.write(QUICK + "    def execute(self, view):\n        time.sleep(10**6)\n")
    run = converge("run", "small", "--json", cwd=folder).data["run_id"]
    head = converge("show", run, "--json", cwd=folder).data["head"]
    project.write()
    refused = converge("resume", run, "--json", cwd=folder)
    assert (2, "PACKS_CHANGED", head) == (
        refused.code,
        refused.error["code"],
        converge("show", run, "--json", cwd=folder).data["head"],
    )
    assert ".py changed" in refused.error["message"]
    ran = converge("resume", run, "--accept-changes", "--json", cwd=folder)
    assert (0, "CriteriaMet") == (ran.code, ran.document["outcome"])


def test_a_suggestor_cannot_change_what_it_reads(converge, project):
    """Frozen values raise, and what was promoted stays."""
    folder = project.write(
        """\
        class Writer(Base):
            reads = ("Signals:note:*",)

            def execute(self, view):
                for fact in view.facts("Signals:note:*"):
                    fact.payload.text = "forged"
                return Effect([self.note(view)] if not view.facts("Signals:note:*") else [])
        """
    )
    ran = converge("run", "small", "--seed", 'Signals:note:given={"text": "as it was"}', "--json", cwd=folder)
    assert {"writer": "EXCEPTION"} == ran.data["failures"]
    assert "as it was" == ran.data["facts"][0]["content"]["text"]


def test_rubbish_proposals_are_rejected_one_by_one(converge, project):
    """Each with its code; the good one among them becomes a fact."""
    folder = project.execute(
        """\
        return Effect([
            self.note(view),
            view.propose("Nokey", "note:x", Note("x")),
            view.propose("Signals", "[bold]", Note("x")),
            view.propose("Signals", "note:a", {"text": 3}),
            view.propose("Signals", "other:a", Note("x")),
            view.propose("Signals", "note:b", Note("x"), confidence=float("nan")),
            view.propose("Signals", "note:c", Note("x"), evidence=["note:never"]),
            view.propose("Signals", "approval:x", {"decision": "approved"}),
            42,
        ])
        """
    )
    ran = converge("run", "small", "--json", cwd=folder)
    assert (0, ["note:one"]) == (ran.code, [fact["id"] for fact in ran.data["facts"] if fact["kind"] == "note"])
    assert 8 == len(ran.data["rejections"])
    assert all(item["code"].isupper() and item["reason"] for item in ran.data["rejections"])


def test_a_million_facts_stop_at_the_fact_budget(converge, project):
    """Bounded: a thousand facts are kept, the rest costs seconds."""
    folder = project.execute("return Effect(self.note(view, name=str(number)) for number in range(10**6))")
    ran = converge("run", "small", "--json", cwd=folder, timeout=45)
    assert (6, "FactBudgetExhausted", 1000) == (ran.code, ran.document["outcome"], len(ran.data["facts"]))


def test_what_a_pack_prints_stays_out_of_the_answer(converge, project):
    """Its own prints and those of its children go to stderr; stdout holds one document."""
    folder = project.execute("print('printed')\nos.system('echo from a child')\nreturn Effect([self.note(view)])")
    ran = converge("run", "small", "--json", cwd=folder)
    assert "CriteriaMet" == ran.document["outcome"]
    assert {"printed", "from a child"} <= set(ran.err.splitlines())


@pytest.mark.parametrize("trace", ["plain", "live"])
def test_text_of_others_reaches_no_terminal_raw(converge, project, trace):
    """Escapes, reordering marks and markup in titles, facts, ids and errors are shown, never obeyed."""
    evil = "\\x1b[2J\\x9b1m\\u202e [/red] [bold] :smile: {x}"
    folder = project.write(
        f"""\
        class Writer(Base):
            def execute(self, view):
                return Effect([self.note(view, "{evil}"), view.propose("Signals", "note:{evil}", Note("x"))])


        class Failing(Base):
            name = "failing {evil}"

            def execute(self, view):
                raise ValueError("{evil}")
        """,
        replace={"title: A note is written": f'title: "A note is written {evil}"', "actor: Writer": f'actor: "{evil}"'},
    )
    outputs = [
        converge("run", "small", "--trace", trace, cwd=folder),
        converge("run", "small", "--trace", trace, "--reason", "\x1b[31m", cwd=folder),
        *(converge(*words.split(), cwd=folder) for words in ("runs", "plan small", "truths show small", "truths list")),
        converge("run", "\x1b[31m[/x]", cwd=folder),
    ]
    run = converge("runs", "--json", cwd=folder).data["runs"][0]["run_id"]
    outputs.append(converge("show", run, "--svg", folder / "run.svg", cwd=folder))
    for ran in outputs:
        shown = (ran.out + ran.err).replace("\n", "")
        assert not [char for char in shown if not char.isprintable()], repr(shown)
    assert "\x1b" not in (folder / "run.svg").read_text()
    assert [0, 2, 0, 0, 0, 0, 1, 0] == [ran.code for ran in outputs]


TEXT = dedent("""\
    truth: v1
    key: small
    """)


@pytest.mark.parametrize(
    ("data", "code", "line"),
    [
        (b"truth: v1\nkey: [small\n", "CV005", 3),
        (b"", "CV004", 1),
        (TEXT.encode() + b"deep: " + b"[" * 100_000, "CV008", 3),
        (bytes(range(256)), "CV003", 1),
        (TEXT.encode() + b"title: caf\xe9\n", "CV002", 3),
        (TEXT.encode() + b"a: &a [x, x]\nb: [*a, *a]\n", "CV006", 3),
        (TEXT.encode() + b"key: other\n", "CV007", 3),
        (TEXT.encode() + b"budgets: {cycles: 1}\n", "CV009", 3),
    ],
)
def test_a_broken_truth_is_a_finding_at_its_line(converge, project, data, code, line):
    """Malformed, empty, deep, binary, in another encoding, with anchors, doubled or unknown keys."""
    folder = project.write()
    project.truth.write_bytes(data)
    ran = converge("run", "small", "--json", cwd=folder)
    checked = converge("validate", "--json", cwd=folder)
    assert (1, "TRUTH_INVALID", 1) == (ran.code, ran.error["code"], checked.code)
    for findings in (ran.error["findings"], checked.data["findings"]):
        assert (code, line) in [(item["code"], item["line"]) for item in findings]


def test_fifty_megabytes_are_refused_unread(converge, project):
    """A truth, and a table with more rows than anybody decides on."""
    folder = project.write()
    project.truth.write_bytes(b"# " + b"x" * 50_000_000)
    assert "SOURCE_UNREADABLE" == converge("run", "small", "--json", cwd=folder).error["code"]
    project.write(truth=ROWS)
    project.truth.with_name("notes.csv").write_text("text\n" + "a\n" * 5_000_000)
    assert "more than 1000000 rows" in converge("run", "small", "--json", cwd=folder).error["message"]


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "it has no header row"),
        (bytes(range(256)), "row 1: the file is binary"),
        ("text\ncaf\xe9\n".encode("latin-1"), "row 2: byte 8 (0xe9) is not UTF-8"),
        (b"txt\na\n", "row 1, column text: the column is missing; there is a column txt: did you mean text?"),
        (b"text\na\na\n", "row 3: id note:a is the same as that of row 2"),
        (b'text\n"a\n', "row 2: the row can't be read"),
        (b"text\na,b\n", "row 2: 2 cells, but the header has 1"),
        (b"text\n\n,\n", "row 3: 2 cells"),
        (",".join(f"c{number}" for number in range(100_000)).encode(), "it has 100000 columns"),
    ],
)
def test_a_broken_table_is_told_with_its_row(converge, project, data, told):
    """Nothing ran."""
    folder = project.write(truth=ROWS)
    project.truth.with_name("notes.csv").write_bytes(data)
    ran = converge("run", "small", "--json", cwd=folder)
    assert (1, "INPUT_INVALID") == (ran.code, ran.error["code"])
    assert told in ran.error["message"]
    assert [] == converge("runs", "--json", cwd=folder).data["runs"]


SHELL = {
    "closed stdout": ("converge run small --json >&-", 0),
    "closed everything": ("converge run small <&- >&- 2>&-", 0),
    "full disk under stdout": ("converge run small --json >/dev/full", 1),
    "full disk under help": ("converge --help >/dev/full", 1),
    "full disk under stderr": ("converge run small 2>/dev/full", 0),
    "reader of the answer left": ("converge run small --json | head -1 >/dev/null; exit ${PIPESTATUS[0]}", 0),
    "reader of the trace left": ("converge run small --trace jsonl | true; exit ${PIPESTATUS[0]}", 0),
    "no home": ("env -u HOME converge run small", 0),
    "ascii terminal": ("PYTHONIOENCODING=ascii converge run small", 0),
    "no bytes to write": ("ulimit -f 0; converge run small --json", 1),
    "few bytes to write": ("ulimit -f 40; converge run small --json", 1),
    "few files": ("ulimit -n 12; converge run small --json", 0),
    "bytes that are no text": ("converge run $(printf 'a\\377b') --json", 1),
    "a folder that nobody can write to": (
        "cd /sys; env -u CONVERGE_STORAGE_PATH converge run hello-convergence --json",
        1,
    ),
    "the same with the store elsewhere": ("cd /sys; converge run hello-convergence --json", 0),
    "folder that is gone": ("mkdir gone; cd gone; rmdir ../gone; converge run small --json", 1),
}


@pytest.mark.parametrize("case", SHELL)
def test_odd_surroundings_leave_no_traceback(converge, project, case):
    """Streams that are closed or full, limits of the system, names that are no text."""
    line, code = SHELL[case]
    folder = project.write()
    env = converge.environment()
    env["PATH"] = f"{Path(sys.executable).parent}:{env['PATH']}"
    done = subprocess.run(
        ["bash", "-c", line],
        cwd=folder,
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=30,
        check=False,
    )
    told = done.stdout.decode() + done.stderr.decode()
    assert code == done.returncode, told
    assert "Traceback" not in told
    assert "Exception ignored" not in told
    if "--json" in line and done.stdout and "|" not in line:
        assert code == json.loads(done.stdout)["exit_code"]


def test_of_two_processes_that_resume_one_run_one_is_refused(converge, project):
    """One process drives a run; whoever comes second is told so, or finds it ended."""
    folder = project.execute("time.sleep(1.5)\nreturn Effect([self.note(view)])\n")
    run = converge("run", "small", "--budget", "cycles=0", "--json", cwd=folder).data["run_id"]
    with ThreadPoolExecutor(2) as pool:
        calls = [
            pool.submit(converge, "resume", run, "--add-budget", "cycles=5", "--json", cwd=folder) for _ in range(2)
        ]
        ended = sorted((call.result() for call in calls), key=lambda ran: ran.code)
    assert [0, 1] == [ran.code for ran in ended]
    assert ended[1].error["code"] in {"RUN_BUSY", "RUN_NOT_RESUMABLE"}


@pytest.mark.parametrize(
    "body",
    [
        "    async def execute(self, view):\n        await asyncio.sleep(100)\n",
        "    def execute(self, view):\n        time.sleep(2)\n        return Effect([self.note(view)])\n",
    ],
)
def test_ctrl_c_ends_with_130_and_the_run_resumes(converge, project, body):
    """During a slow async and a slow sync suggestor: recorded, one document, and resume goes on."""
    folder = project.write("class Writer(Base):\n" + body)
    running = started(converge, folder)
    running.send_signal(2)
    out, err = running.communicate(timeout=20)
    document = json.loads(out)
    assert (130, "Cancelled") == (running.returncode, document["outcome"])
    assert b"Traceback" not in err
    project.write()
    ran = converge("resume", document["data"]["run_id"], "--accept-changes", "--json", cwd=folder)
    assert (0, "CriteriaMet") == (ran.code, ran.document["outcome"])


def test_a_second_ctrl_c_ends_at_once_and_says_how_to_go_on(converge, project):
    """Even when the suggestor is lost in C."""
    folder = project.write("class Writer(Base):\n    def execute(self, view):\n        time.sleep(100)\n")
    running = started(converge, folder)
    running.send_signal(2)
    time.sleep(0.5)
    running.send_signal(2)
    out, err = running.communicate(timeout=5)
    run = converge("runs", "--json", cwd=folder).data["runs"][0]["run_id"]
    assert (130, "INTERRUPTED") == (running.returncode, json.loads(out)["error"]["code"])
    assert f"converge resume {run}" == json.loads(out)["error"]["hint"]
    assert b"Traceback" not in err


def started(converge, folder):
    """A run whose start is on record, and whose writer is at work."""
    running = converge.start("run", "small", "--json", "--trace", "plain", cwd=folder)
    line = running.stderr.readline()
    assert b"run " in line, running.communicate()
    time.sleep(0.5)
    return running
