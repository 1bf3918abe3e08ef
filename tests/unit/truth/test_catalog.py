"""Finding truths, their features and their people."""

from pathlib import Path

import pytest

from converge_cli.core.person import Person
from converge_cli.truth.catalog import TruthNotFoundError, find_truth, list_truths, shared_truths_in
from converge_cli.truth.files import UnreadableFileError, read_source
from converge_cli.truth.people import InvalidPeopleError, read_people
from converge_cli.truth.source import Source, UnreadableSourceError


def _truth(folder: Path, key: str, more: str = "") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "truth.yaml"
    file.write_text(f"truth: v1\nkey: {key}\nkind: job\n{more}")
    return file


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with one truth, its feature and people."""
    root = tmp_path / "project"
    _truth(root / "truths" / "ours", "ours")
    (root / "truths" / "people.yaml").write_text("people: []\n")
    (root / "features").mkdir()
    (root / "features" / "ours.feature").write_text("Feature: x\n")
    return root


@pytest.fixture
def shipped(tmp_path: Path) -> Path:
    """Our content, with a truth of its own and one of the same key as the project's."""
    root = tmp_path / "shipped"
    for key in ("theirs", "ours"):
        _truth(root / "truths" / key, key, "features: []\n")
    return root


def test_a_key_a_folder_and_a_file_name_the_same_truth(project: Path, shipped: Path) -> None:
    """From anywhere inside the project."""
    found = {
        find_truth("ours", project, shipped).file.resolve(),
        find_truth("ours", project / "features", shipped).file.resolve(),
        find_truth("truths/ours", project, shipped).file.resolve(),
        find_truth("truths/ours/truth.yaml", project, shipped).file.resolve(),
        find_truth("truth.yaml", project / "truths" / "ours", shipped).file.resolve(),
        find_truth(".", project / "truths" / "ours", shipped).file.resolve(),
        find_truth(str(project / "truths" / "ours"), Path("/"), shipped).file.resolve(),
    }
    assert {(project / "truths" / "ours" / "truth.yaml").resolve()} == found


def test_a_truth_comes_with_its_feature_people_and_project(project: Path, shipped: Path) -> None:
    """The feature lies in the project's features/, the people beside the truths."""
    found = find_truth("ours", project, shipped)
    assert ((project / "features" / "ours.feature",), project / "truths" / "people.yaml", project) == (
        found.features,
        found.people,
        found.project,
    )


def test_a_lone_truth_finds_its_feature_and_people_beside_it(tmp_path: Path, shipped: Path) -> None:
    """No project is needed."""
    folder = tmp_path / "alone"
    _truth(folder, "alone")
    (folder / "alone.feature").write_text("Feature: x\n")
    (folder / "people.yaml").write_text("people: []\n")
    found = find_truth("truth.yaml", folder, shipped)
    assert (folder / "alone.feature",) == found.features
    assert (None, folder / "people.yaml") == (found.project, found.people)


def test_a_shipped_truth_is_found_from_anywhere_and_the_projects_own_comes_first(project: Path, shipped: Path) -> None:
    """A project's truth hides a shipped one of its key."""
    assert shipped / "truths" / "theirs" / "truth.yaml" == find_truth("theirs", project, shipped).file
    assert [("ours", project), ("theirs", shipped)] == [
        (item.key, item.project) for item in list_truths(project, shipped)
    ]


def test_an_unknown_truth_names_the_nearest_and_the_command_that_lists(project: Path, shipped: Path) -> None:
    """A typing mistake costs one look."""
    with pytest.raises(TruthNotFoundError) as caught:
        find_truth("thiers", project, shipped)
    assert "did you mean theirs?; converge truths list shows them" == caught.value.hint


@pytest.mark.parametrize("name", ["", "..", "../..", "nope/truth.yaml", "a\0b", "x" * 5000])
def test_odd_names_are_not_found_and_nothing_else(project: Path, shipped: Path, name: str) -> None:
    """Whatever is typed, the answer is one error."""
    with pytest.raises(TruthNotFoundError):
        find_truth(name, project, shipped)


def test_files_that_are_named_and_not_there_are_known_as_missing(project: Path, shipped: Path) -> None:
    """Features, named or by default, and inputs; not an input that may be absent."""
    inputs = "inputs: {a: {file: a.csv, id: x}, b: {file: b.csv, id: x, required: false}}\n"
    _truth(project / "truths" / "ours", "ours", f"features: [ours.feature, more.feature]\n{inputs}")
    found = find_truth("ours", project, shipped)
    assert (("more.feature",), ("a.csv",)) == (found.missing, found.missing_inputs)
    _truth(project / "truths" / "new", "new")
    assert ("new.feature",) == find_truth("new", project, shipped).missing


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("key: x\nkind: policy\napplies_to: [ours]\n", "policy"),
        ("{key: x, 'kind': \"invariant\", pack: shop}\n", "invariant"),
        ("key: x\nkind: polcy\napplies_to: [ours]\n", "policy"),
        ("key: x\nkind: policy\napplies_to: [ours\n", "policy"),
    ],
)
def test_shared_truths_of_a_folder_are_found_even_broken(project: Path, shipped: Path, text: str, kind: str) -> None:
    """A misspelt or broken policy must not be the same as none."""
    (project / "truths" / "x").mkdir()
    (project / "truths" / "x" / "truth.yaml").write_text(text)
    assert [("x", kind)] == [(item.file.parent.name, item.kind) for item in shared_truths_in(project / "truths")]


def test_a_truth_that_is_no_yaml_is_still_found(project: Path, shipped: Path) -> None:
    """The compiler explains what is wrong with it."""
    (project / "truths" / "ours" / "truth.yaml").write_text("truth: [\n")
    assert "ours" == find_truth("ours", project, shipped).key


def test_reading_is_refused_for_folders_and_missing_and_large_files(tmp_path: Path) -> None:
    """With a code each, never with a traceback."""
    (tmp_path / "big").write_bytes(b"x" * 11)
    with pytest.raises(UnreadableFileError, match="is not a file"):
        read_source(tmp_path)
    with pytest.raises(UnreadableFileError, match="shown can't be read: No such file"):
        read_source(tmp_path / "none", "shown")
    with pytest.raises(UnreadableSourceError, match="11 bytes; at most 10"):
        read_source(tmp_path / "big", limit=10)
    assert Source("shown", b"x" * 11) == read_source(tmp_path / "big", "shown")


def test_people_have_roles_authority_and_domains() -> None:
    """What is left out is the least: advisory, no role, no domain."""
    mona = b"  - {id: mona, name: Mona, roles: [manager], authority: sovereign, domains: [legal]}\n"
    text = b"people:\n" + mona + b"  - {id: bo, name: Bo}\n"
    assert (Person("mona", "Mona", ("manager",), "sovereign", ("legal",)), Person("bo", "Bo")) == read_people(
        Source("people.yaml", text)
    )


def test_wrong_people_are_told_with_their_places() -> None:
    """All findings at once; a person twice names both places."""
    text = b"people:\n  - {id: a, name: A, authority: supervisor}\n  - {id: b, name: 5, rols: []}\n"
    with pytest.raises(InvalidPeopleError) as caught:
        read_people(Source("people.yaml", text))
    assert [(2, 33, "invalid-value"), (3, 19, "invalid-value"), (3, 22, "unknown-key")] == [
        (item.line, item.column, item.name) for item in caught.value.diagnostics
    ]
    with pytest.raises(InvalidPeopleError, match=r"declared twice, first at p:2:10"):
        read_people(Source("p", b"people:\n  - {id: a, name: A}\n  - {id: a, name: B}\n"))


def test_the_sample_people_read() -> None:
    """Procurement's come first, then those of finance, lending and law; each has a name, a role and a domain."""
    people = read_people(read_source(Path(__file__).parents[3] / "truths" / "people.yaml"))
    procurement, finance = ["petra", "mona", "sofia", "frank"], ["anna", "carl", "fiona", "felix"]
    lending, law = ["lena", "una", "leo"], ["ines", "liv", "lars"]

    assert [*procurement, *finance, *lending, *law] == [person.id for person in people]
    assert [] == [person.id for person in people if not (person.name and person.roles and person.domains)]
