"""Inputs for a submission: files, folders and rows of this machine as data that a server can start from."""

import base64
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from converge_cli.app.read_inputs import read_file

InputValue = Path | Sequence[Mapping[str, Any]]
"""A file, a folder (of which a server is sent the files), or rows."""


def given_inputs(inputs: Mapping[str, InputValue], what: str) -> dict[str, Any]:
    """Each input as a submission gives it.

    Args:
        what: begins the name of an input in messages.

    Raises:
        InputFileError: a file can't be read.
    """
    return {name: _given(value, f"{what} {name}") for name, value in inputs.items()}


def _given(value: InputValue, what: str) -> dict[str, Any]:
    if not isinstance(value, Path):
        return {"rows": [dict(row) for row in value]}
    if not value.is_dir():
        return {"name": value.name, **_data(read_file(value, what).data)}
    # What a folder lists is what a run records of it; hidden files and links are seen to there.
    names = [path.relative_to(value).as_posix() for path in sorted(value.rglob("*")) if path.is_file()]
    read_file(value, what)
    shown = [name for name in names if not any(part.startswith(".") for part in name.split("/"))]
    files = {name: {"name": Path(name).name, **_data(read_file(value / name, what).data)} for name in shown}
    return {"name": value.resolve().name, "files": files}


def _data(data: bytes) -> dict[str, str]:
    try:
        return {"text": data.decode()}
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(data).decode()}
