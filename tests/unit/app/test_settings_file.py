"""converge.yaml: what is chosen there holds, what is wrong there is told at its place, nothing is passed over."""

import os
from pathlib import Path

import pytest

from converge_cli.app.settings_file import InvalidSettingsError
from converge_cli.settings import FILE, load_settings
from converge_cli.truth.files import UnreadableFileError


@pytest.mark.parametrize(
    ("text", "place", "told"),
    [
        ("storage: {bakend: memory}\n", "1:11", "did you mean backend?"),
        ("storage: {backend: mysql}\n", "1:20", "storage.backend must be 'memory' or 'sqlite', not 'mysql'"),
        ("storage: {path: 3}\n", "1:17", "storage.path must be text, not 3"),
        ("people: [a.yaml]\n", "1:9", "people must be text, not a list"),
        ("storage.path: here\n", "1:1", "unknown key 'storage.path'"),
        ("- storage\n", "1:1", "the file must be a mapping, not a list"),
        ("# nothing\n", "1:1", "the file holds no YAML"),
    ],
)
def test_a_wrong_setting_is_a_finding_at_its_place(tmp_path: Path, text: str, place: str, told: str) -> None:
    """With the file, the line and the column."""
    (tmp_path / FILE).write_text(text)
    with pytest.raises(InvalidSettingsError) as error:
        load_settings(tmp_path, {})
    assert ("SETTING_INVALID", f"{tmp_path / FILE}:{place}") == (error.value.code, error.value.where)
    assert told in f"{error.value.message} {error.value.hint}"


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir, lambda path: path.symlink_to("nowhere")])
def test_settings_that_are_no_file_are_told_and_not_passed_over(tmp_path: Path, make) -> None:
    """Without them the runs would go to another store in silence; reading a FIFO would wait for ever."""
    make(tmp_path / FILE)
    with pytest.raises(UnreadableFileError) as error:
        load_settings(tmp_path, {})
    assert str(tmp_path / FILE) == error.value.where
