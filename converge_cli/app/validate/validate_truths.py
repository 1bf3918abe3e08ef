"""Validates truths, features, packs, policies and people: all that is found in all files, never the first only."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from converge_cli.app.services import Services
from converge_cli.app.validate.checked_files import CheckedFiles
from converge_cli.app.validate.counted import Choice, counted
from converge_cli.app.validate.found_files import exists, find_files
from converge_cli.core.errors import ConvergeError
from converge_cli.truth.catalog import TruthLocation, TruthNotFoundError, find_truth, list_truths, project_of
from converge_cli.truth.diagnostics import Diagnostic
from converge_cli.truth.files import read_source
from converge_cli.truth.source import Source

if TYPE_CHECKING:
    from converge_cli.app.validate.mended_files import Mended

_EVERYTHING = Choice()


class NothingToValidateError(ConvergeError):
    """No file to check was found: an error, since a check of nothing must not pass."""

    code = "NOTHING_TO_VALIDATE"


@dataclass(frozen=True, slots=True)
class Validation:
    """What was looked at, and what was found.

    Attributes:
        files: every file, as people see it.
        diagnostics: findings that count, by file and place.
        suppressed: findings that a comment takes out of the count, each with its reason.
        left_out: how many nobody asked for.
    """

    files: tuple[str, ...]
    truths: tuple[TruthLocation, ...]
    diagnostics: tuple[Diagnostic, ...]
    suppressed: tuple[Diagnostic, ...]
    left_out: int

    @property
    def errors(self) -> int:
        """How many findings are errors."""
        return sum(item.severity == "error" for item in self.diagnostics)

    @property
    def warnings(self) -> int:
        """How many are not."""
        return len(self.diagnostics) - self.errors


def validate_truths(services: Services, paths: Sequence[Path], choice: Choice = _EVERYTHING) -> Validation:
    """Check every file that the paths name or hold; without paths, those of the project.

    Raises:
        NothingToValidateError: no file was found, or a path names none.
    """
    return validation_of(services, check_paths(services, paths), choice)


def check_paths(services: Services, paths: Sequence[Path]) -> CheckedFiles:
    """Every file that the paths name or hold, with all that is to be said of it.

    Raises:
        NothingToValidateError: no file was found, or a path names none.
    """
    keys = {path: named_truth(services, path) for path in paths if not exists(services.folder / path)}
    there = [path for path in paths if path not in keys]
    found, empty = find_files(there, services.folder, project_of(services.folder), everything=not paths)
    if empty:
        raise NothingToValidateError(
            f"there is nothing to check below {', '.join(str(path) for path in empty)}",
            hint="name a truths/ folder, a truth.yaml, a .feature file or a pack",
        )
    checked = CheckedFiles(services)
    for location in keys.values():
        checked.check_location(location)
    checked.check(found)
    return checked


def validation_of(services: Services, checked: CheckedFiles, choice: Choice) -> Validation:
    """What counts of what was found."""
    result = counted(checked.diagnostics, _commented(services, checked.files), choice, _Names(services.folder).name_of)
    return Validation(tuple(checked.files), tuple(checked.truths), *result)


def mend_truths(services: Services, paths: Sequence[Path], choice: Choice = _EVERYTHING) -> "tuple[Mended, ...]":
    """Write what mends findings beyond doubt into their files; what is shipped stays as it is.

    Raises:
        NothingToValidateError: no file was found, or a path names none.
        NotMendedError: a file can't be written.
    """
    from converge_cli.app.validate.mended_files import mend_until_done  # noqa: PLC0415  only who mends writes

    def is_shipped(path: Path) -> bool:
        return path.is_relative_to(services.shipped) and not services.folder.is_relative_to(services.shipped)

    return mend_until_done(
        lambda: validate_truths(services, paths, choice).diagnostics, services.folder, keep=is_shipped
    )


def named_truth(services: Services, key: Path) -> TruthLocation:
    """The truth of a key.

    Raises:
        NothingToValidateError: there is none, and no file or folder either.
    """
    try:
        return find_truth(str(key), services.folder, services.shipped)
    except TruthNotFoundError as error:
        raise NothingToValidateError(
            f"there is no file, folder or truth {key}", hint=error.hint or "name a truth, a feature or a folder"
        ) from error


def _commented(services: Services, files: Iterable[str]) -> dict[str, Source]:
    """The files that may hold suppressions."""
    found = {}
    for name in files:
        try:
            source = read_source(services.folder / name, name)
        except ConvergeError:
            continue  # said already
        if b"converge:" in source.data.lower():
            found[name] = source
    return found


class _Names:
    """Names of files that are the same wherever in a project one stands."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: dict[str, str] = {}

    def name_of(self, file: str) -> str:
        """The path from the project's root; outside of any project, the file's own name."""
        if file not in self._known:
            path = self._folder / file
            project = project_of(path)
            self._known[file] = path.name if project is None else path.relative_to(project).as_posix()
        return self._known[file]


def truths_using(services: Services, feature: Path) -> Iterator[TruthLocation]:
    """The truths that a feature file belongs to: a feature alone says nothing.

    Raises:
        NothingToValidateError: no truth uses it.
    """
    project = project_of(feature)
    known = list_truths(project or feature.parent, services.shipped)
    users = [truth for truth in known if feature.resolve() in {path.resolve() for path in truth.features}]
    beside = feature.parent / "truth.yaml"
    if not users and beside.is_file():
        users = [find_truth(str(beside), services.folder, services.shipped)]
    if not users:
        raise NothingToValidateError(
            f"no truth uses {feature}", hint=f"name it in features: of a truth, or add truths/{feature.stem}/truth.yaml"
        )
    yield from users
