"""Input files: what is no plain file is refused by name, before anything of it is read."""

import os
from pathlib import Path

import pytest

from converge_cli._internal.hashing import digest_bytes
from converge_cli.app.list_folder import InputFileError
from converge_cli.app.read_inputs import read_file
from converge_cli.core.built_in_kinds import Text
from converge_cli.core.fact import FactModel
from converge_cli.core.job import InputSpec
from converge_cli.core.kind import Kind
from converge_cli.truth.input_error import InputError
from converge_cli.truth.inputs import read_input


class Paper(FactModel, frozen=True):
    name: str
    size: int
    sha256: str


PAPERS = InputSpec("papers", "paper", "paper:{name}")


def test_a_plain_file_is_read_as_it_is(tmp_path: Path) -> None:
    """Byte by byte, under its path."""
    (tmp_path / "rows.csv").write_bytes(b"id\r\n1\r\n")
    source = read_file(tmp_path / "rows.csv", "input rows")
    assert (str(tmp_path / "rows.csv"), b"id\r\n1\r\n") == (source.name, source.data)


@pytest.mark.timeout(10)
@pytest.mark.parametrize("sort", ["pipe", "device", "nothing"])
def test_what_is_no_plain_file_is_refused_by_name(tmp_path: Path, sort: str) -> None:
    """A pipe would be waited for without end, and a device would fill the memory."""
    path = tmp_path / "rows.csv"
    if sort == "pipe":
        os.mkfifo(path)
    elif sort == "device":
        path.symlink_to("/dev/zero")
    with pytest.raises(InputFileError, match=r"input rows: .*rows\.csv"):
        read_file(path, "input rows")


def test_a_folder_is_read_as_the_listing_of_its_files(tmp_path: Path) -> None:
    """Name, size and SHA-256 of each, those below it included, in the order of the names; hidden ones are left out."""
    papers = tmp_path / "papers"
    (papers / "old").mkdir(parents=True)
    for name, text in {"b.txt": "two", "a.txt": "one", "old/c.txt": "", ".hidden": "no"}.items():
        (papers / name).write_text(text)
    source = read_file(papers, "input papers")
    seeds = read_input(PAPERS, source, Kind("paper", Paper))

    assert f"{papers}/" == source.name
    assert [
        ("paper:a.txt", "a.txt", 3, digest_bytes(b"one")),
        ("paper:b.txt", "b.txt", 3, digest_bytes(b"two")),
        ("paper:old/c.txt", "old/c.txt", 0, digest_bytes(b"")),
    ] == [(seed.id, seed.payload.name, seed.payload.size, seed.payload.sha256) for seed in seeds]


def test_the_same_files_have_the_same_listing_wherever_they_lie(tmp_path: Path) -> None:
    """What is recorded of a folder is the digest of its listing."""
    for place in ("here", "there"):
        (tmp_path / place / "papers").mkdir(parents=True)
        (tmp_path / place / "papers" / "a.txt").write_text("one")
    here, there = (read_file(tmp_path / place / "papers", "papers").data for place in ("here", "there"))

    assert here == there


def test_an_empty_folder_gives_no_seeds(tmp_path: Path) -> None:
    """It is there, and holds nothing."""
    assert () == read_input(PAPERS, read_file(tmp_path, "papers"), Kind("paper", Paper))


@pytest.mark.timeout(10)
@pytest.mark.parametrize("sort", ["pipe", "link", "link to a folder"])
def test_what_is_no_file_in_a_folder_is_refused_by_name(tmp_path: Path, sort: str) -> None:
    """A link may lead anywhere, and a pipe has no end."""
    path = tmp_path / "papers" / "a.txt"
    path.parent.mkdir()
    if sort == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to("/etc/passwd" if sort == "link" else "/etc")
    with pytest.raises(InputFileError, match=r"input papers: .*a\.txt is no regular file"):
        read_file(path.parent, "input papers")


@pytest.mark.parametrize(
    ("spec", "kind", "why"),
    [
        (
            InputSpec("brief", "text", "text:brief", "text"),
            Kind("text", Text),
            "it is a folder, but the input is a text",
        ),
        (InputSpec("brief", "text", "text:{id}"), Kind("text", Text), "column text: the column is missing"),
    ],
)
def test_a_folder_in_place_of_a_file_is_an_error_of_the_input(
    tmp_path: Path, spec: InputSpec, kind: Kind, why: str
) -> None:
    """Its columns are name, size and sha256, whatever the kind asks for."""
    (tmp_path / "a.txt").write_text("one")
    with pytest.raises(InputError, match=why):
        read_input(spec, read_file(tmp_path, "input brief"), kind)
