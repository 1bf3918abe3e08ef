"""What `init`, `truths new` and `packs new` begin with: a truth, its feature, input and pack that fit."""

import re
from collections.abc import Mapping
from pathlib import Path

from converge_cli.app.template import filled, yaml_text
from converge_cli.core.errors import ConvergeError

TITLE = "Every request is decided"
DESCRIPTION = "Decides which requests cannot wait"
LEADER = "lead"
"""The person of the people file that the template brings."""

KEY = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
PACK = re.compile(r"[a-z][a-z0-9_-]*")
_LONGEST = 60
_LONGEST_TEXT = 200


class InvalidNameError(ConvergeError):
    """A key, a name or a title that can't be one."""

    code = "NAME_INVALID"


class NameTakenError(ConvergeError):
    """Something has that name already; nothing was written."""

    code = "NAME_TAKEN"


def starter_files(key: str, pack: str, *, title: str, description: str, actor: str) -> dict[str, bytes]:
    """The files of a job truth and the pack that it uses, by path below a project.

    Raises:
        InvalidNameError: a name or text can't be what it should be.
    """
    check_key(key)
    check_pack_name(pack)
    check_text("title", title)
    check_text("description", description)
    return filled(
        "job",
        {
            "key": key,
            "yaml_key": yaml_text(key),
            "pack": pack,
            "yaml_pack": yaml_text(pack),
            "title": title,
            "yaml_title": yaml_text(title),
            "yaml_description": yaml_text(description),
            "actor": yaml_text(actor),
        },
    )


def titled(files: Mapping[str, bytes], key: str, about: str) -> dict[str, bytes]:
    """The files of a truth that bears its author's own title, with a word below it: the rest does not fit it yet."""
    path = f"truths/{key}/truth.yaml"
    note = f"# Only the title is yours so far: what follows is {about}. Replace it by what the title says.\n"
    marked = re.sub(rb"^title:.*\n", lambda match: match[0] + note.encode(), files[path], count=1, flags=re.MULTILINE)
    return {**files, path: marked}


def check_key(key: str) -> None:
    """Make sure that this can be a truth's key.

    Raises:
        InvalidNameError: it can't.
    """
    if not KEY.fullmatch(key) or len(key) > _LONGEST:
        raise InvalidNameError(
            f"{key!r} can't be a truth's key",
            hint=f"small letters and digits, words joined by dashes, at most {_LONGEST} characters: vendor-check",
            where=key,
        )


def check_free(project: Path, key: str) -> None:
    """Make sure that the project can have a truth of this key.

    Raises:
        InvalidNameError: it can't be a key.
        NameTakenError: the project has one.
    """
    check_key(key)
    if (project / "truths" / key).exists():
        raise NameTakenError(
            f"there is a truth {key} already; nothing was written",
            hint="take another key; nothing is ever overwritten",
            where=key,
        )


def check_pack_name(name: str) -> None:
    """Make sure that this can be a pack's name.

    Raises:
        InvalidNameError: it can't.
    """
    if not PACK.fullmatch(name) or len(name) > _LONGEST:
        raise InvalidNameError(
            f"{name!r} can't be a pack's name",
            hint=f"a small letter, then small letters, digits, _ and -, at most {_LONGEST} characters: vendor_check",
            where=name,
        )


def check_text(what: str, text: str) -> None:
    """Make sure that a title or description is one line of words.

    Raises:
        InvalidNameError: it isn't.
    """
    if not text.strip() or not text.isprintable() or len(text) > _LONGEST_TEXT or text != text.strip():
        raise InvalidNameError(
            f"the {what} is one line of at most {_LONGEST_TEXT} characters, not {text[:_LONGEST]!r}",
            hint="shorten it, without line breaks and without space around it",
            where=what,
        )


def pack_name_for(key: str) -> str:
    """The name that a truth's own pack gets: the key with underscores, which is a Python name too."""
    name = key.replace("-", "_")
    return name if name[:1].isalpha() else f"pack_{name}"


def key_for(pack: str) -> str:
    """The key that a pack's own truth gets."""
    return re.sub(r"[_-]+", "-", pack).strip("-")
