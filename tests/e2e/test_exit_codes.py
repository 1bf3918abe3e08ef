"""Each exit code by a real run of a small project, and one JSON document on stdout on every path."""

import pytest

INPUT = """\
    inputs: {notes: {kind: note, id: "note:{text}", as: rows}}
    """
STRUCTURAL = """\
    Feature: A note is written
      @invariant @structural @id:short
      Scenario: There is no long note
        Given any fact under key "Signals" with id "note:*"
        Then field "text" must be "short"
    """
ENVELOPE = {"schema", "command", "outcome", "exit_code", "data"}
RUN_DATA = {
    "approvals", "converged", "criteria", "cycles", "duplicates", "facts", "failures", "gates", "head", "invariants",
    "outcome_digest", "outputs", "refusals", "rejections", "run_id", "stop", "truth",
}  # fmt: skip
STOP = {"reason", "cycle", "names", "facts", "limit", "used", "missing", "detail"}


def check_answer(ran, code, outcome):
    """An answer: the whole envelope, and the data of a run."""
    assert (code, outcome) == (ran.code, ran.document["outcome"])
    assert set(ran.document) == ENVELOPE
    assert (ran.document["schema"], ran.document["exit_code"]) == ("converge.result/1", code)
    assert (set(ran.data), set(ran.data["stop"])) == (RUN_DATA, STOP)
    assert outcome == ran.data["stop"]["reason"]


def check_error(ran, exit_code, code):
    """An error: the whole envelope, nothing on stderr that belongs to it."""
    assert (exit_code, code) == (ran.code, ran.error["code"])
    assert set(ran.document) == (ENVELOPE - {"data"}) | {"error"}
    assert {"code", "message", "hint", "where"} <= set(ran.error)
    assert ("error", exit_code) == (ran.document["outcome"], ran.document["exit_code"])


@pytest.fixture
def converge(tmp_path, started_in):
    """The command, started anew each time: who it is among processes is what is tested here."""
    return started_in(tmp_path)


def test_criteria_met_ends_with_0(converge, project):
    """The note was written."""
    check_answer(converge("run", "small", "--json", cwd=project.write()), 0, "CriteriaMet")


def test_a_failed_suggestor_ends_with_1(converge, project):
    """What was required could not be told, because its writer failed."""
    folder = project.execute("raise RuntimeError('out of ink')")
    ran = converge("run", "small", "--json", cwd=folder)
    check_answer(ran, 1, "SuggestorFailed")
    assert {"writer": "EXCEPTION"} == ran.data["failures"]


def test_unmet_criteria_end_with_3(converge, project):
    """Nobody wrote anything, and nobody failed."""
    check_answer(converge("run", "small", "--json", cwd=project.execute("return Effect()")), 3, "CriteriaUnmet")


def test_a_missing_input_ends_with_4_and_resume_takes_it(converge, project):
    """The criterion is blocked on a file; given to resume, the run goes on."""
    folder = project.execute(
        "return Effect([self.note(view, text=item.payload.text) for item in view.facts('Seeds:note:*')])",
        truth=INPUT,
    )
    code = project.pack.read_text().replace('name = "writer"', 'name = "writer"\n    reads = ("Seeds:note:*",)')
    project.pack.write_text(code)
    ran = converge("run", "small", "--json", cwd=folder)
    check_answer(ran, 4, "HumanInterventionRequired")
    assert ["notes"] == [item["name"] for item in ran.data["stop"]["missing"]]
    (folder / "late.csv").write_text("text\nhello\n")
    resumed = converge("resume", ran.data["run_id"], "--input", "notes=late.csv", "--json", cwd=folder)
    check_answer(resumed, 0, "CriteriaMet")


def test_no_backend_ends_with_5(converge, project):
    """A suggestor that has no backend says so; whether the criterion holds can't be told."""
    folder = project.execute(
        "from converge_cli import SuggestorUnavailableError\nraise SuggestorUnavailableError('no model is configured')"
    )
    check_answer(converge("run", "small", "--json", cwd=folder), 5, "Indeterminate")


def test_an_exhausted_budget_ends_with_6_and_resume_goes_on_to_the_same_outcome(converge, project):
    """Cut off after one cycle and resumed, a run comes to what it would have come to undisturbed."""
    folder = project.write()
    undisturbed = converge("run", "small", "--json", cwd=folder)
    cut = converge("run", "small", "--budget", "cycles=0", "--json", cwd=folder)
    check_answer(cut, 6, "CycleBudgetExhausted")
    resumed = converge("resume", cut.data["run_id"], "--add-budget", "cycles=50", "--json", cwd=folder)
    check_answer(resumed, 0, "CriteriaMet")
    assert undisturbed.data["outcome_digest"] == resumed.data["outcome_digest"]


def test_a_violated_invariant_ends_with_7(converge, project):
    """A structural invariant stops the run at once and names the fact."""
    ran = converge("run", "small", "--json", cwd=project.write(feature=STRUCTURAL))
    check_answer(ran, 7, "InvariantViolated")
    assert (["short"], ["note:one"]) == (ran.data["stop"]["names"], ran.data["stop"]["facts"])


def test_two_suggestors_that_disagree_end_with_7(converge, project):
    """Same id, other content: nobody wins by being first."""
    folder = project.write(
        """\
        class One(Base):
            name = "one"

            def execute(self, view):
                return Effect([self.note(view, "yes")])


        class Two(Base):
            name = "two"

            def execute(self, view):
                return Effect([self.note(view, "no")])


        def Writer(parameters):
            return [One(), Two()]
        """
    )
    check_answer(converge("run", "small", "--json", cwd=folder), 7, "FactConflict")


def test_an_expired_authority_ends_with_8(converge, project):
    """What the truth may do has run out."""
    folder = project.write(truth="authority: {expires: 2020-01-01}\n")
    check_answer(converge("run", "small", "--json", cwd=folder), 8, "PolicyDenied")


def test_a_damaged_record_ends_with_9(converge, project):
    """A store whose pages were overwritten is reported, whichever command looks."""
    folder = project.write()
    run = converge("run", "small", "--json", cwd=folder).data["run_id"]
    store = converge.folder / "store" / "experience.db"
    data = bytearray(store.read_bytes())
    data[4096:] = bytes(byte ^ 0x5A for byte in data[4096:])
    store.write_bytes(data)
    (store.parent / "experience.db-wal").unlink(missing_ok=True)
    for command in (("show", run), ("resume", run)):
        check_error(converge(*command, "--json", cwd=folder), 9, "RECORD_CORRUPT")


@pytest.mark.parametrize(
    ("words", "command"),
    [
        ("", None),
        ("--bogus", "converge"),
        ("rnu small", "converge"),
        ("run", "run"),
        ("run small --bogus", "run"),
        ("run small --input", "run"),
        ("run small --input notes", "run"),
        ("run small --budget cycles=many", "run"),
        ("run small --budget bogus=1", "run"),
        ("run small --param x=1", "run"),
        ("run small --approve mona", "run"),
        ("run small --trace bogus", "run"),
        ("run small --trace jsonl", "run"),
        ("run small --reason because", "run"),
        ("show x --width 200", "show"),
        ("runs --limit 0", "runs"),
        ("runs --status pasued", "runs"),
        ("truths", "truths"),
        ("packs bogus", "packs"),
        ("approve x y", "approve"),
        ("approve x y --as me --reason= ", "approve"),
        ("validate --fail-on sometimes", "validate"),
        ("validate --format yaml", "validate"),
        ("validate --json --format sarif", "validate"),
        ("validate --select CV999", "validate"),
        ("validate --ignore unknwon-step", "validate"),
        ("validate nothing-here", "validate"),
    ],
)
def test_wrong_usage_ends_with_2(converge, project, words, command):
    """Whatever was mistyped, --json gives one document, without it one line on stderr."""
    folder = project.write()
    ran = converge(*words.split(" ") if words else [], "--json", cwd=folder)
    expected = "NOTHING_TO_VALIDATE" if "nothing-here" in words else "USAGE"
    check_error(ran, 2, expected)
    assert (command or "converge") == ran.document["command"]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("run bogus", "TRUTH_NOT_FOUND"),
        ("plan bogus", "TRUTH_NOT_FOUND"),
        ("truths show bogus", "TRUTH_NOT_FOUND"),
        ("packs show bogus", "PACK_NOT_FOUND"),
        ("show bogus", "RUN_NOT_FOUND"),
        ("resume bogus", "RUN_NOT_FOUND"),
        ("approve bogus x --as me --reason why", "RUN_NOT_FOUND"),
        ("run small --input bogus=x.csv", "INPUT_UNKNOWN"),
        ("run small --as nobody", "PERSON_UNKNOWN"),
        ("run small --approve point=nobody", "PERSON_UNKNOWN"),
        ("run small --seed rubbish", "INPUT_INVALID"),
        ("run small --param small.x=1", "PARAMETER_INVALID"),
    ],
)
def test_what_is_not_there_ends_with_1(converge, project, words, code):
    """Each thing that may be missing has its code."""
    check_error(converge(*words.split(), "--json", cwd=project.write()), 1, code)
    assert [] == converge("runs", "--json").data["runs"]


@pytest.mark.parametrize("command", ["runs", "inbox", "doctor", "version", "truths list", "packs list", "init new"])
def test_every_other_command_answers_with_one_document(converge, command):
    """An answer is an answer, whatever the command."""
    ran = converge(*command.split(), "--json")
    assert (0, ENVELOPE, command.removesuffix(" new")) == (ran.code, set(ran.document), ran.document["command"])


def test_help_with_json_is_one_document_too(converge):
    """No path of --json prints anything else."""
    ran = converge("run", "--help", "--json")
    assert (0, "help", "run") == (ran.code, ran.document["outcome"], ran.document["command"])
    assert "--approve" in ran.data["help"]


@pytest.mark.parametrize(
    ("env", "code", "word"),
    [
        ({"CONVERGE_STORAGE_BACKEND": "bogus"}, "SETTING_INVALID", "sqlite"),
        ({"CONVERGE_STORAGE_BACKEND": "sqlit"}, "SETTING_INVALID", "did you mean sqlite?"),
        ({"CONVERGE_STORAGE_PATH": "/dev/null/store"}, "STORE_UNAVAILABLE", "CONVERGE_STORAGE_PATH"),
    ],
)
def test_a_wrong_setting_says_what_to_choose(converge, project, env, code, word):
    """One error with the choices; nothing ran."""
    ran = converge("run", "small", "--json", cwd=project.write(), env=env)
    check_error(ran, 1, code)
    assert word in ran.error["hint"]
