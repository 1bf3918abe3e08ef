"""The truths of a server: dropped in, changed and taken away while it runs, named by key alone, compiled once."""

import json
import threading
from pathlib import Path

import pytest
from serving import ROOT, drive, drop_in, hello_pack, service, shelf_of, submit

from converge_cli.app.jobs.submission import InvalidSubmissionError, Submission
from converge_cli.app.list_truths import list_truths
from converge_cli.app.load_truth import NotRunnableError
from converge_cli.app.templates.template_data import templates_data
from converge_cli.app.templates.template_shelf import TemplateMisnamedError, TemplatesFolderError
from converge_cli.core.errors import ConvergeError
from converge_cli.core.job_queue import JobStatus
from converge_cli.truth.catalog import TruthNotFoundError
from converge_cli.truth.diagnostics import InvalidTruthError

ENEMIES = (
    "../hello-convergence", "..", ".", "", "/etc", "truths/hello-convergence", "hello-convergence/", "a\0b", "a\\b",
    "hello\u2010convergence", "ｈello-convergence", "Hello-Convergence", "hello-convergence ", "hello-convergence\n",
    "hello--convergence", "-hello", "hello-convergence/truth.yaml", "~", "%2e%2e", "x" * 5000,
)  # fmt: skip


def test_a_template_is_served_from_the_next_request_on(tmp_path: Path) -> None:
    """Dropped in, changed, taken away: nothing is restarted."""
    templates = tmp_path / "templates"
    templates.mkdir()
    shelf = shelf_of(service(tmp_path, templates))
    with pytest.raises(TruthNotFoundError):
        shelf.load("mine")
    file = drop_in(templates, "mine")
    assert "A greeting is answered" == shelf.load("mine").job.title
    drop_in(templates, "mine", title="A greeting came back")
    assert "A greeting came back" == shelf.load("mine").job.title
    file.unlink()
    with pytest.raises(TruthNotFoundError):
        shelf.load("mine")


@pytest.mark.parametrize("name", ENEMIES)
def test_a_name_over_the_wire_is_a_key_and_never_a_path(name: str, tmp_path: Path) -> None:
    """Whatever is no key is served by nobody, be there a truth behind the path or not."""
    drop_in(tmp_path / "truths", "mine")
    setting = service(tmp_path / "truths" / "mine")
    with pytest.raises(TruthNotFoundError):
        shelf_of(setting).load(name)
    with pytest.raises((InvalidSubmissionError, TruthNotFoundError)):
        submit(setting, Submission(template=name))


def test_what_is_compiled_is_shared_until_a_file_of_it_changes(tmp_path: Path) -> None:
    """The truth, its feature, its people, its wiring, a policy beside it, and its packs: each of them counts."""
    drop_in(tmp_path / "truths", "mine")
    pack = hello_pack(tmp_path)
    shelf = shelf_of(service(tmp_path))
    before = shelf.load("mine")
    assert before is shelf.load("mine")
    rules = "truth: v1\nkey: rules\nkind: policy\ntitle: Greetings are few\napplies_to: [mine]\nfeatures: []\n"
    rules += (
        "constraints:\n  - {id: few, severity: hard, then: ['the Context key \"Signals\" contains at most 9 facts']}\n"
    )
    changes = {
        tmp_path / "truths" / "people.yaml": "people:\n  - {id: mona, name: Mona}\n",
        tmp_path / "truths" / "mine" / "wiring.yaml": "wiring: v1\nbudget: {cycles: 7}\n",
        tmp_path / "truths" / "rules" / "truth.yaml": rules,
        pack / "suggestors.py": (pack / "suggestors.py").read_text() + "\n# said otherwise\n",
        pack / "more.py": '"""More."""\n',
    }
    for file, text in changes.items():
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
        assert before is not shelf.load("mine"), file
        before = shelf.load("mine")
        assert before is shelf.load("mine"), file
    assert [("mona",), ("rules",), 7] == [
        tuple(person.id for person in before.people),
        before.job.merged,
        before.wiring.budget.cycles if before.wiring is not None else None,
    ]


def test_a_broken_template_is_isolated_and_named(tmp_path: Path) -> None:
    """Its findings are told, and all others are served as before."""
    drop_in(tmp_path / "t", "good")
    drop_in(tmp_path / "t", "bad").write_text("truth: v1\nkey: bad\ntitle: A thing is so\npackz: [hello]\n")
    drop_in(tmp_path / "t", "binary").write_bytes(b"\0\1\2")
    drop_in(tmp_path / "t", "other").rename(tmp_path / "t" / "other" / "gone.yaml")
    drop_in(tmp_path / "t", "Upper_Case")
    drop_in(tmp_path / "t", "renamed")
    (tmp_path / "t" / "renamed").rename(tmp_path / "t" / "was-renamed")
    setting = service(tmp_path, tmp_path / "t")
    shelf = shelf_of(setting)
    rows = {row["name"]: row for row in templates_data(setting.services, shelf)}
    broken = {name: row["error"]["code"] for name, row in rows.items() if row["broken"]}
    wanted = {
        "bad": "TRUTH_INVALID",
        "binary": "TRUTH_INVALID",
        "Upper_Case": "TEMPLATE_MISNAMED",
        "was-renamed": "TEMPLATE_MISNAMED",
    }
    assert wanted == broken
    assert "CV009" in {item["code"] for item in rows["bad"]["error"]["findings"]}
    assert not rows["good"]["broken"]
    with pytest.raises(InvalidTruthError):
        submit(setting, "bad")
    with pytest.raises(TemplateMisnamedError):
        submit(setting, "was-renamed")
    assert JobStatus.ENDED == (submit(setting, "good"), drive(setting))[1].status


def test_a_project_goes_before_what_is_shipped_and_templates_before_both(tmp_path: Path) -> None:
    """Each says where it is from."""
    drop_in(tmp_path / "truths", "hello-convergence", title="Ours is answered")
    setting = service(tmp_path)
    assert "Ours is answered" == shelf_of(setting).load("hello-convergence").job.title
    drop_in(tmp_path / "t" / "truths", "hello-convergence", title="Theirs is answered")
    setting = service(tmp_path, Path("t"))
    rows = {row["name"]: (row["title"], row["from"]) for row in templates_data(setting.services, shelf_of(setting))}
    assert ("Theirs is answered", "templates") == rows["hello-convergence"]
    assert "shipped" == rows["vendor-selection"][1]
    assert {"spend-control", "defensible-ranking"}.isdisjoint(rows)
    assert {"hello-convergence", "spend-control", "vendor-selection"} <= {
        row["key"] for row in list_truths(setting.services)
    }


def test_a_project_of_templates_brings_its_own_packs_and_people(tmp_path: Path) -> None:
    """DIR with truths/, packs/ and people.yaml is a project like any other."""
    theirs = tmp_path / "theirs"
    drop_in(theirs / "truths", "mine")
    hello_pack(theirs, text="Hallo Welt.")
    (theirs / "truths" / "people.yaml").write_text("people:\n  - {id: mona, name: Mona}\n")
    setting = service(tmp_path, theirs)
    job = submit(setting, "mine")
    assert JobStatus.ENDED == drive(setting).status
    assert b"Hallo Welt." in b"".join(setting.services.experience.read(job.job, 0))
    assert ("mona",) == tuple(person.id for person in shelf_of(setting).load("mine").people)


def test_a_pack_that_changes_while_the_server_runs_is_taken_by_whatever_starts_later(tmp_path: Path) -> None:
    """The new code beside the old, under a name of its own: nothing is half of one and half of the other."""
    drop_in(tmp_path / "truths", "mine")
    hello_pack(tmp_path, "1.0.0", "One.")
    setting = service(tmp_path)
    first = shelf_of(setting).load("mine").compilation.packs[0]
    submit(setting, "mine")
    hello_pack(tmp_path, "2.0.0", "Two.")
    job = drive(setting).job
    assert [b"Two."] == [
        word for word in (b"One.", b"Two.") if word in b"".join(setting.services.experience.read(job, 0))
    ]
    second = shelf_of(setting).load("mine").compilation.packs[0]
    assert ("1.0.0", "2.0.0") == (first.version, second.version)
    modules = {type(item).__module__ for pack in (first, second) for item in pack.suggestors(None)}
    assert 2 == len(modules)


def test_what_was_broken_between_submit_and_claim_fails_with_its_findings(tmp_path: Path) -> None:
    """The worker looks anew: what runs is what is on disk then, and only if it still compiles."""
    file = drop_in(tmp_path / "truths", "mine")
    setting = service(tmp_path)
    submit(setting, "mine")
    file.write_text(file.read_text().replace("packs: [hello]", "packs: [nobody]"))
    job = drive(setting)
    assert JobStatus.FAILED == job.status
    error = json.loads(job.error)
    assert "TRUTH_INVALID" == error["code"]
    assert "unknown-pack" in {item["name"] for item in error["findings"]}


def test_a_shared_truth_is_no_template_and_can_not_be_submitted() -> None:
    """It is merged into jobs; the refusal names one."""
    with pytest.raises(NotRunnableError):
        submit(service(ROOT), "spend-control")


@pytest.mark.parametrize("truth", [False, True])
def test_a_folder_of_templates_that_is_none_is_refused_at_start(truth: bool, tmp_path: Path) -> None:
    """Not there, or a truth itself."""
    if truth:
        drop_in(tmp_path, "mine")
    with pytest.raises(TemplatesFolderError):
        service(tmp_path, tmp_path / "mine")


def test_parameters_are_compiled_once_for_each_choice_and_follow_the_file(tmp_path: Path) -> None:
    """Two choices are two truths; the same choice is the same one until a file changes."""
    shelf = shelf_of(service(ROOT))
    price = {"procurement": {("shortlist",): 2}}
    one = shelf.load("vendor-selection", price)
    assert one is shelf.load("vendor-selection", {"procurement": {("shortlist",): 2}})
    assert one is not shelf.load("vendor-selection", {"procurement": {("shortlist",): 1}})
    assert shelf.load("vendor-selection") is not one


def test_many_threads_get_one_and_the_same_truth(tmp_path: Path) -> None:
    """It is compiled by the first; the others wait for it."""
    shelf = shelf_of(service(ROOT))
    found: list[object] = []
    threads = [threading.Thread(target=lambda: found.append(shelf.load("expense-approval"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [True] * 8 == [item is found[0] for item in found]


def test_an_error_that_is_told_again_and_again_keeps_nothing_of_who_asked(tmp_path: Path) -> None:
    """The kept error would else hold the stack of every request."""
    drop_in(tmp_path / "truths", "mine").write_text("truth: v1\n")
    shelf = shelf_of(service(tmp_path))
    depths = []
    for _ in range(5):
        with pytest.raises(ConvergeError) as caught:
            shelf.load("mine")
        depths.append(len(caught.traceback))
    assert 1 == len(set(depths))
