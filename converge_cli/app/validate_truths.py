"""Validates truths and their features: everything that the compiler finds, all files, never the first finding only."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from converge_cli.app.load_truth import compile_at, people_at
from converge_cli.app.services import Services
from converge_cli.core.errors import ConvergeError
from converge_cli.truth.catalog import TruthLocation, TruthNotFoundError, find_truth, list_truths, project_of
from converge_cli.truth.diagnostics import Diagnostic


class NothingToValidateError(ConvergeError):
    """No truth or feature file was found: an error, since a check of nothing must not pass."""

    code = "NOTHING_TO_VALIDATE"


@dataclass(frozen=True, slots=True)
class Validation:
    """What was looked at, and what was found."""

    truths: tuple[TruthLocation, ...]
    diagnostics: tuple[Diagnostic, ...]
    failures: tuple[ConvergeError, ...]

    @property
    def errors(self) -> int:
        """How many findings are errors."""
        return len(self.failures) + sum(item.severity == "error" for item in self.diagnostics)


def validate_truths(services: Services, paths: Sequence[Path]) -> Validation:
    """Compile every truth below the paths; without paths, those of the project.

    Raises:
        NothingToValidateError: no file was found.
    """
    truths = tuple(dict.fromkeys(_found(services, paths)))
    if not truths:
        where = ", ".join(str(path) for path in paths) or str(services.folder)
        raise NothingToValidateError(
            f"no truth or feature file below {where}", hint="name a truths/ folder, a truth.yaml or a .feature file"
        )
    diagnostics: list[Diagnostic] = []
    failures: list[ConvergeError] = []
    for truth in truths:
        try:
            diagnostics += compile_at(services, truth).diagnostics
            people_at(services, truth)
        except ConvergeError as error:
            failures.append(error)
    return Validation(truths, tuple(dict.fromkeys(diagnostics)), tuple(failures))


def _found(services: Services, paths: Sequence[Path]) -> Iterator[TruthLocation]:
    if not paths:
        project = project_of(services.folder)
        if project is not None:
            yield from (truth for truth in list_truths(project, services.shipped) if truth.project == project)
        elif (services.folder / "truth.yaml").is_file():
            yield find_truth("truth.yaml", services.folder, services.shipped)
        return
    for path in paths:
        full = services.folder / path
        yield from _below(services, full) if _exists(full) else [_named(services, path)]


def _below(services: Services, path: Path) -> Iterator[TruthLocation]:
    if path.suffix == ".feature":
        yield from truths_using(services, path)
    elif path.is_file():
        yield find_truth(str(path), services.folder, services.shipped)
    else:
        for file in sorted(path.rglob("truth.yaml")):
            yield find_truth(str(file), services.folder, services.shipped)
        for feature in sorted(path.rglob("*.feature")):
            yield from truths_using(services, feature)


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # a name that no file can have
        return False


def _named(services: Services, key: Path) -> TruthLocation:
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
