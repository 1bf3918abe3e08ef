"""New truths and packs: what is written compiles, holds and shows each of its checks broken."""

import asyncio
from pathlib import Path

import pytest

from converge_cli.app.examples.run_examples import TruthExamples, run_truth_examples
from converge_cli.app.new.copied_truth import NothingToCopyError
from converge_cli.app.new.init_project import ProjectExistsError, init_project
from converge_cli.app.new.new_pack import new_pack
from converge_cli.app.new.new_shared_truth import NewSharedTruth, NoJobForItError, NothingToTryError, new_shared_truth
from converge_cli.app.new.new_truth import Created, NewTruth, new_truth
from converge_cli.app.new.starter import InvalidNameError, NameTakenError
from converge_cli.app.services import Services
from converge_cli.app.template import FileTakenError
from converge_cli.app.validate.validate_truths import validate_truths
from converge_cli.bootstrap import make_services
from converge_cli.core.errors import ConvergeError
from converge_cli.settings import Settings
from converge_cli.truth.catalog import find_truth

_JUDGED = {"invariant", "validation", "constraint", "suggestor"}


@pytest.fixture
def services(tmp_path: Path) -> Services:
    """Somebody stands in an empty folder."""
    return make_services(tmp_path, settings=Settings("memory", tmp_path / "store", None))


def examples_of(services: Services, key: str) -> TruthExamples:
    """What the examples of a truth come to."""
    return asyncio.run(run_truth_examples(services, find_truth(key, services.folder, services.shipped)))


def assert_sound(services: Services, key: str) -> TruthExamples:
    """No finding at all, every example passes, every check is exercised; returns what they came to."""
    found = validate_truths(services, [Path("truths") / key])
    examples = examples_of(services, key)
    assert [] == [item for item in found.diagnostics if item.file.startswith(("truths", "features"))]
    assert [] == [item.example.title for item in examples.outcomes if not item.ok]
    assert (True, 0, 0, 0) == (examples.ok, *examples.counts[1:])
    return examples


def written(created: Created) -> list[str]:
    """Paths below the project."""
    return [path.relative_to(created.project).as_posix() for path in created.files]


def test_a_new_truth_holds_and_each_of_its_checks_is_seen_broken(services: Services) -> None:
    """Every check that must hold is violated by an example that expects just that."""
    created = new_truth(services, NewTruth("vendor-check"))
    examples = assert_sound(services, "vendor-check")

    assert [
        "truths/people.yaml",
        "features/vendor-check.feature",
        "packs/vendor_check/README.md",
        "packs/vendor_check/facts.py",
        "packs/vendor_check/pack.yaml",
        "packs/vendor_check/suggestors.py",
        "truths/vendor-check/requests.csv",
        "truths/vendor-check/truth.yaml",
        ".schemas/truth.json",
        ".schemas/wiring.json",
        ".schemas/pack.json",
        ".schemas/people.json",
        ".schemas/converge.json",
    ] == written(created)
    assert [] == [item.id for item in examples.clauses if item.sort in _JUDGED and not item.violated_by]
    assert examples.own is not None
    assert "CriteriaMet" == examples.own.reason


def test_a_new_pack_comes_with_the_truth_that_shows_it_at_work(services: Services) -> None:
    """The README that is written names the commands that work."""
    created = new_pack(services, "triage_desk", description="Decides: who is next")
    assert_sound(services, "triage-desk")
    pack = services.packs(services.folder).find("triage_desk")

    assert (created.key, created.pack) == ("triage-desk", "triage_desk")
    assert pack is not None
    assert "Decides: who is next" == pack.description


@pytest.mark.parametrize("key", ["0", "123", "null", "true", "y", "1e5", "x" * 60])
def test_keys_that_look_like_something_else_work(key: str, services: Services) -> None:
    """Numbers, words of YAML, the longest."""
    new_truth(services, NewTruth(key, title='They said: "yes" #1'))
    assert_sound(services, key)


def note_in(folder: Path, key: str) -> str:
    """The line below the title."""
    lines = (folder / "truths" / key / "truth.yaml").read_text().splitlines()
    return lines[next(number for number, line in enumerate(lines) if line.startswith("title:")) + 1]


def test_a_title_of_ones_own_says_that_the_rest_does_not_fit_it_yet(services: Services, tmp_path: Path) -> None:
    """In a truth of each kind and in a copy; the template's own title fits what is below it."""
    title = "Every refund is paid within a week"
    new_truth(services, NewTruth("refunds", title=title))
    new_truth(services, NewTruth("copy", title=title, pack="refunds"))
    asyncio.run(new_shared_truth(services, NewSharedTruth("held", "policy", title=title, job="refunds")))
    new_truth(services, NewTruth("plain"))
    told = "# Only the title is yours so far: what follows is {}. Replace it by what the title says."
    assert [
        told.format("an example about requests"),
        told.format("a copy of refunds"),
        told.format("an example about trial data"),
        "",
    ] == [note_in(tmp_path, key) for key in ("refunds", "copy", "held", "plain")]


@pytest.mark.parametrize(
    "wanted",
    [
        NewTruth(""),
        NewTruth("Vendor"),
        NewTruth("../up"),
        NewTruth("a--b"),
        NewTruth("a_b"),
        NewTruth("x" * 61),
        NewTruth("ok", pack="Pack"),
        NewTruth("ok", pack="1st"),
        NewTruth("ok", pack="a/b"),
        NewTruth("ok", title="two\nlines"),
        NewTruth("ok", title=" "),
        NewTruth("ok", title="\x1b[31mred"),
        NewTruth("ok", pack="hello", title="\x07"),
        NewTruth("ok", description="\u202egnorw"),
    ],
)
def test_names_and_titles_that_can_t_be_one_are_refused(wanted: NewTruth, services: Services, tmp_path: Path) -> None:
    """Before anything is written."""
    with pytest.raises(InvalidNameError):
        new_truth(services, wanted)
    assert [] == list(tmp_path.iterdir())


def test_what_is_there_is_never_written_over(services: Services, tmp_path: Path) -> None:
    """A truth, a pack, a feature of that name; each is named."""
    new_truth(services, NewTruth("one"))
    (tmp_path / "features" / "two.feature").write_text("mine")
    before = sorted(tmp_path.rglob("*"))
    refused: list[tuple[type[ConvergeError], str | None]] = []
    for attempt in (
        lambda: new_truth(services, NewTruth("one")),
        lambda: new_pack(services, "one"),
        lambda: new_pack(services, "hello"),
        lambda: new_truth(services, NewTruth("two")),
    ):
        with pytest.raises(ConvergeError) as caught:
            attempt()
        refused.append((type(caught.value), caught.value.where))

    assert [
        (NameTakenError, "one"),
        (NameTakenError, "one"),
        (NameTakenError, "hello"),
        (FileTakenError, str(tmp_path / "features" / "two.feature")),
    ] == refused
    assert before == sorted(tmp_path.rglob("*"))


@pytest.mark.parametrize(
    ("pack", "source", "people"), [("hello", "hello-convergence", False), ("procurement", "vendor-selection", True)]
)
def test_with_a_pack_that_is_there_the_truth_begins_as_one_that_uses_it(
    pack: str, source: str, people: bool, services: Services
) -> None:
    """Its inputs, examples and (if it names any) people come along; all of it holds under the new key and title."""
    created = new_truth(services, NewTruth("mine", pack=pack, title="It is: as it was before"))
    assert_sound(services, "mine")

    assert source == created.copied_from
    assert people == ("truths/people.yaml" in written(created))
    assert "It is: as it was before" in (services.folder / "truths" / "mine" / "truth.yaml").read_text()


def test_people_that_the_project_does_not_know_come_along_beside_the_truth(services: Services) -> None:
    """The project's own people file is not touched."""
    init_project(services.folder)
    before = (services.folder / "truths" / "people.yaml").read_bytes()
    created = new_truth(services, NewTruth("mine", pack="procurement"))
    assert_sound(services, "mine")

    assert "truths/mine/people.yaml" in written(created)
    assert before == (services.folder / "truths" / "people.yaml").read_bytes()


def test_a_truth_of_the_same_project_is_copied_with_its_own_feature(services: Services) -> None:
    """Of two truths that use one pack, each has its feature."""
    init_project(services.folder)
    created = new_truth(services, NewTruth("more-requests", pack="requests"))
    assert_sound(services, "more-requests")

    assert "requests" == created.copied_from
    assert [
        "truths/more-requests/requests.csv",
        "truths/more-requests/truth.yaml",
        "features/more-requests.feature",
    ] == written(created)


def test_the_first_of_the_people_acts_for_a_new_truth(services: Services) -> None:
    """A project that has people gets no others."""
    people = services.folder / "truths" / "people.yaml"
    people.parent.mkdir()
    people.write_text("people:\n  - {id: ann, name: Ann, roles: [boss]}\n  - {id: bob, name: Bob}\n")
    created = new_truth(services, NewTruth("one"))
    assert_sound(services, "one")

    assert "truths/people.yaml" not in written(created)
    assert "actor: ann\n" in (services.folder / "truths" / "one" / "truth.yaml").read_text()


def test_a_people_file_with_nobody_in_it_is_left_alone(services: Services) -> None:
    """The truth brings its own person along."""
    people = services.folder / "truths" / "people.yaml"
    people.parent.mkdir()
    people.write_text("people: []\n")
    assert "truths/one/people.yaml" in written(new_truth(services, NewTruth("one")))
    assert_sound(services, "one")


def test_a_pack_without_any_truth_is_nothing_to_begin_from(services: Services) -> None:
    """Broken truths and those of other packs are passed over."""
    new_pack(services, "alone")
    truth = services.folder / "truths" / "alone" / "truth.yaml"
    truth.write_text("{")
    with pytest.raises(NothingToCopyError):
        new_truth(services, NewTruth("mine", pack="alone"))
    assert not (services.folder / "truths" / "mine").exists()


def test_a_dry_run_lists_what_would_be_written(services: Services, tmp_path: Path) -> None:
    """The same list, and nothing on the disk."""
    planned = new_truth(services, NewTruth("one"), dry_run=True)
    assert [] == list(tmp_path.iterdir())
    assert planned == new_truth(services, NewTruth("one"))


def test_truths_are_written_into_the_project_that_somebody_stands_in(services: Services, tmp_path: Path) -> None:
    """From a folder deep inside it as well."""
    init_project(tmp_path)
    deep = tmp_path / "truths" / "requests"
    created = new_truth(make_services(deep, settings=Settings("memory", tmp_path / "store", None)), NewTruth("two"))

    assert (tmp_path, True) == (created.project, (tmp_path / "truths" / "two" / "truth.yaml").is_file())


@pytest.mark.parametrize("pack", ["requests", "hello", "procurement"])
def test_policies_and_invariant_truths_hold_in_their_job_and_are_seen_broken(pack: str, services: Services) -> None:
    """Several of them, in one job, over packs of ours and over a new one; nothing else of the job is broken."""
    init_project(services.folder)
    new_truth(services, NewTruth("the-job", pack=pack))
    made = [
        asyncio.run(new_shared_truth(services, wanted))
        for wanted in (
            NewSharedTruth("no-trials", "policy", job="the-job"),
            NewSharedTruth("2nd", "policy", title="Tests: they decide nothing", job="the-job"),
            NewSharedTruth("of-the-pack", "invariant", pack=pack),
        )
    ]
    examples = assert_sound(services, "the-job")
    ours = [item for item in examples.clauses if item.id.endswith("_stay_out")]

    assert ["no_trials_stay_out", "of_the_pack_stay_out", "rule_2nd_stay_out"] == sorted(item.id for item in ours)
    assert [] == [item.id for item in ours if len(item.violated_by) != 1]
    assert [False, False, False] == [created.runs for created in made]


def test_without_a_choice_the_only_job_and_its_only_pack_are_meant(services: Services) -> None:
    """With more than one, or none, it says which there are."""
    for kind in ("policy", "invariant"):
        with pytest.raises(NoJobForItError):
            asyncio.run(new_shared_truth(services, NewSharedTruth("early", kind)))
    init_project(services.folder)
    for kind in ("policy", "invariant"):
        asyncio.run(new_shared_truth(services, NewSharedTruth(kind, kind)))
    new_truth(services, NewTruth("second"))
    for kind in ("policy", "invariant"):
        with pytest.raises(NoJobForItError) as caught:
            asyncio.run(new_shared_truth(services, NewSharedTruth("late", kind)))
        assert "requests, second" == str(caught.value.hint).partition(": ")[2]
    with pytest.raises(NoJobForItError) as caught:
        asyncio.run(new_shared_truth(services, NewSharedTruth("late", "policy", job="request")))
    assert "did you mean requests?" == caught.value.hint


def test_where_no_fact_can_be_made_up_nothing_is_written(services: Services) -> None:
    """A model that refuses every made-up value."""
    init_project(services.folder)
    facts = services.folder / "packs" / "requests" / "facts.py"
    text = facts.read_text()
    refusing = '    reason: str\n\n    def __post_init__(self) -> None:\n        if self.reason == "trial":\n'
    facts.write_text(text.replace("    reason: str\n", f'{refusing}            raise ValueError("no trials")\n'))
    before = sorted(services.folder.rglob("*.*"))
    with pytest.raises(NothingToTryError):
        asyncio.run(new_shared_truth(services, NewSharedTruth("one", "policy")))
    assert before == [path for path in sorted(services.folder.rglob("*.*")) if path.suffix != ".pyc"]


@pytest.mark.parametrize("below", ["", "truths", "truths/requests", "packs", "features/steps"])
def test_a_project_is_not_started_inside_a_project_s_own_folders(below: str, tmp_path: Path) -> None:
    """Nor where one is already."""
    init_project(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(ProjectExistsError):
        init_project(tmp_path / below)
    assert before == sorted(tmp_path.rglob("*"))


def test_a_project_may_start_in_a_folder_that_holds_other_things(tmp_path: Path) -> None:
    """A fresh clone: its .gitignore stays as it is, and that is said."""
    (tmp_path / ".gitignore").write_text("mine\n")
    (tmp_path / "README.md").touch()
    made = init_project(tmp_path)

    assert ((tmp_path / ".gitignore",), "mine\n") == (made.kept, (tmp_path / ".gitignore").read_text())
    assert tmp_path / ".gitignore" not in made.files
    assert all(path.is_file() for path in made.files)
