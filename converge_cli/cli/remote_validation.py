"""`validate` at a server: sends the texts, and tells its findings under the names that they have here.

What counts is what the server has: its packs, and its version. Packs and policies of this machine are not sent.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from converge_cli.app.services import Services
from converge_cli.app.shown_path import shown
from converge_cli.app.validate.counted import Choice
from converge_cli.app.validate.found_files import exists, find_files
from converge_cli.app.validate.validate_truths import NothingToValidateError, Validation, named_truth
from converge_cli.cli.place import Place
from converge_cli.truth.catalog import TruthLocation, folder_of, project_of, truths_in
from converge_cli.truth.diagnostics import Diagnostic
from converge_cli.truth.files import read_source
from converge_cli.truth.source import decode

_WIRING = "wiring.yaml"


def validate_at(place: Place, paths: Sequence[Path], choice: Choice) -> Validation:
    """Check what the paths name or hold; without paths, the truths and features of the project.

    Raises:
        NothingToValidateError: there is no text among them that a server checks.
        ConvergeError: a file can't be read, or the server refuses.
    """
    assert place.client is not None  # noqa: S101  chosen by the command
    services = place.services
    truths, others = _named(services, paths)
    asked = list(dict.fromkeys([*(path for item in truths for path in _files_of(item)), *others]))
    if not asked:
        raise NothingToValidateError(
            "there is no truth and no feature to check", hint="packs are checked where they are: --server ''"
        )
    names = {_name(path, services.folder): path for path in [*asked, *_beside(truths)]}
    wish: dict[str, Any] = {"files": {name: decode(read_source(path)) for name, path in names.items()}}
    wish |= {"ignore": sorted(choice.ignore), "strict": choice.strict}
    if choice.select is not None:
        wish["select"] = sorted(choice.select)
    told = place.client.validate(wish)
    own = {_name(path, services.folder): shown(path, services.folder) for path in asked}
    return Validation(
        files=tuple(own.values()),
        truths=tuple(truths),
        diagnostics=_here(told["findings"], own),
        suppressed=_here(told["suppressed"], own),
        left_out=told["left_out"],
    )


def _named(services: Services, paths: Sequence[Path]) -> tuple[list[TruthLocation], list[Path]]:
    """The truths that are meant, and the files besides theirs."""
    folder = services.folder
    keys = [path for path in paths if not exists(folder / path)]
    there = [path for path in paths if path not in keys]
    found, empty = find_files(there, folder, project_of(folder), everything=not paths)
    if empty:
        raise NothingToValidateError(f"there is nothing to check below {', '.join(map(str, empty))}")
    truths = [named_truth(services, path) for path in [*keys, *found.truths]]
    return list(dict.fromkeys(truths)), [*found.features, *found.people, *found.wirings]


def _files_of(truth: TruthLocation) -> list[Path]:
    wiring = truth.file.parent / _WIRING
    own = [truth.file, *truth.features, *([truth.people] if truth.people else []), wiring]
    return [path for path in own if path.is_file()]


def _beside(truths: Iterable[TruthLocation]) -> list[Path]:
    """What the truths are merged with, and must be sent along: the others of their truths/ folders."""
    folders = dict.fromkeys(folder for truth in truths if (folder := folder_of(truth)) is not None)
    return [path for folder in folders for other in truths_in(folder) for path in _files_of(other)]


def _name(path: Path, folder: Path) -> str:
    """The path in its project: as a server is told it."""
    absolute = (folder / path).absolute()
    root = project_of(absolute) or absolute.parent
    return absolute.relative_to(root).as_posix()


def _here(found: list[dict[str, Any]], names: dict[str, str]) -> tuple[Diagnostic, ...]:
    """The findings in files that were asked about."""
    told = (item | {"file": names[item["file"]]} for item in found if item["file"] in names)
    return tuple(msgspec.convert(item, Diagnostic) for item in told)
