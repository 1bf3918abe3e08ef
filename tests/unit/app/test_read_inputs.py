"""Input files: what is no plain file is refused by name, before anything of it is read."""

import os
from pathlib import Path

import pytest

from converge_cli.app.read_inputs import InputFileError, read_file


def test_a_plain_file_is_read_as_it_is(tmp_path: Path) -> None:
    """Byte by byte, under its path."""
    (tmp_path / "rows.csv").write_bytes(b"id\r\n1\r\n")
    source = read_file(tmp_path / "rows.csv", "input rows")
    assert (str(tmp_path / "rows.csv"), b"id\r\n1\r\n") == (source.name, source.data)


@pytest.mark.timeout(10)
@pytest.mark.parametrize("sort", ["pipe", "device", "folder", "nothing"])
def test_what_is_no_plain_file_is_refused_by_name(tmp_path: Path, sort: str) -> None:
    """A pipe would be waited for without end, and a device would fill the memory."""
    path = tmp_path / "rows.csv"
    if sort == "pipe":
        os.mkfifo(path)
    elif sort == "device":
        path.symlink_to("/dev/zero")
    elif sort == "folder":
        path.mkdir()
    with pytest.raises(InputFileError, match=r"input rows: .*rows\.csv"):
        read_file(path, "input rows")
