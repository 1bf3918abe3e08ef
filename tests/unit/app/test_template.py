"""Templates: filled in as they stand, never written over anything, never half."""

from pathlib import Path

import pytest

from converge_cli.app.template import FileTakenError, NotWritableError, filled, write_new, yaml_text
from converge_cli.truth.findings import Findings
from converge_cli.truth.source import Source
from converge_cli.truth.yaml_source import plain, read_yaml

TWO = {"a/b.txt": b"one", "a/c/d.txt": b"two"}


def everything_in(folder: Path) -> list[str]:
    """All paths below a folder."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def test_placeholders_are_filled_in_in_paths_and_in_texts() -> None:
    """Nothing that looks like a placeholder is left over, and a value that looks like one stays as it is."""
    names = ("key", "yaml_key", "pack", "yaml_pack", "title", "yaml_title", "yaml_description", "actor")
    files = filled("job", {**{name: f"my-{name}" for name in names}, "title": "About %%key"})

    assert "truths/my-key/truth.yaml" in files
    assert "packs/my-pack/suggestors.py" in files
    assert b"Feature: About %%key" in files["features/my-key.feature"]
    assert {"features/my-key.feature"} == {path for path, text in files.items() if b"%%" in text or "%%" in path}


def test_all_files_are_written_and_listed_with_the_folders_that_they_need(tmp_path: Path) -> None:
    """In the order in which they were made."""
    made = write_new(tmp_path / "new", TWO, "hint")

    assert ["new", "new/a", "new/a/b.txt", "new/a/c", "new/a/c/d.txt"] == [
        path.relative_to(tmp_path).as_posix() for path in made
    ]
    assert b"two" == (tmp_path / "new" / "a" / "c" / "d.txt").read_bytes()


def test_a_dry_run_writes_nothing_and_sees_what_is_in_the_way(tmp_path: Path) -> None:
    """Nothing is made; a file that is there is named all the same."""
    assert [] == write_new(tmp_path, TWO, "hint", dry_run=True)
    assert [] == everything_in(tmp_path)
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "b.txt").touch()
    with pytest.raises(FileTakenError):
        write_new(tmp_path, TWO, "hint", dry_run=True)


@pytest.mark.parametrize("taken", ["a file", "a folder", "a link that leads nowhere"])
def test_what_is_there_stays_and_nothing_else_is_written(taken: str, tmp_path: Path) -> None:
    """The error names it."""
    last = tmp_path / "a" / "c" / "d.txt"
    last.parent.mkdir(parents=True)
    if taken == "a file":
        last.write_text("mine")
    elif taken == "a folder":
        last.mkdir()
    else:
        last.symlink_to(tmp_path / "nowhere")
    before = everything_in(tmp_path)
    with pytest.raises(FileTakenError) as caught:
        write_new(tmp_path, TWO, "hint")

    assert (str(last), "hint", before) == (caught.value.where, caught.value.hint, everything_in(tmp_path))


def test_what_was_made_before_a_failure_is_taken_back(tmp_path: Path) -> None:
    """A file where a folder is needed; what was there before stays."""
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "c").write_text("in the way")
    with pytest.raises(NotWritableError) as caught:
        write_new(tmp_path, {"e/f.txt": b"", **TWO}, "hint")

    assert ["a", "a/c"] == everything_in(tmp_path)
    assert "nothing was written" in caught.value.message


def test_a_name_that_no_file_can_have_is_no_crash(tmp_path: Path) -> None:
    """Too long for the file system."""
    with pytest.raises(NotWritableError):
        write_new(tmp_path, {"x" * 300: b""}, "hint")


@pytest.mark.parametrize(
    "text",
    [
        "Every request is decided",
        "yes",
        "Null",
        "y",
        "123",
        "1e5",
        "a: b",
        "a #b",
        'say "no"',
        "-",
        "",
        "ä",
        "{x}",
        "a\\b",
    ],
)
def test_a_text_is_read_back_from_yaml_as_it_was(text: str) -> None:
    """As a value of a block and of a list in brackets."""
    scalar = yaml_text(text)
    root = read_yaml(Source("test", f"block: {scalar}\nlist: [{scalar}]\n".encode()), Findings())

    assert {"block": text, "list": [text]} == plain(root)
