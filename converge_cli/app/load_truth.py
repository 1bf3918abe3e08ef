"""Loads a truth by name: finds its files, its packs and its people, and compiles it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from converge_cli.app.services import Services
from converge_cli.core.errors import ConvergeError
from converge_cli.core.job import Job
from converge_cli.core.pack import Pack
from converge_cli.core.person import Person
from converge_cli.core.port import FlowGate
from converge_cli.truth.catalog import TruthLocation, find_truth
from converge_cli.truth.compiler import Compilation, compile_truth
from converge_cli.truth.diagnostics import InvalidTruthError
from converge_cli.truth.files import read_source
from converge_cli.truth.people import read_people


@dataclass(frozen=True, slots=True)
class LoadedTruth:
    """A truth that compiled, with everything that a run of it needs."""

    location: TruthLocation
    compilation: Compilation
    job: Job
    people: tuple[Person, ...]


def load_truth(
    services: Services, name: str, parameters: Mapping[str, Mapping[tuple[str, ...], Any]] | None = None
) -> LoadedTruth:
    """Find and compile a truth.

    Args:
        services: where to look.
        name: a key, a folder, or a path to a truth.yaml.
        parameters: pack -> path -> value, over what the truth says.

    Raises:
        InvalidTruthError: with every finding.
        ConvergeError: there is no such truth, or a file of it can't be read.
    """
    return load_at(services, find_truth(name, services.folder, services.shipped), parameters)


def load_at(
    services: Services, location: TruthLocation, parameters: Mapping[str, Mapping[tuple[str, ...], Any]] | None = None
) -> LoadedTruth:
    """Compile the truth at a place, ready to run.

    Raises:
        InvalidTruthError: with every finding.
        ConvergeError: a file of it can't be read.
    """
    compilation = compile_at(services, location, parameters)
    if compilation.job is None:
        raise InvalidTruthError(compilation.diagnostics)
    return LoadedTruth(location, compilation, compilation.job, people_at(services, location))


def compile_at(
    services: Services, location: TruthLocation, parameters: Mapping[str, Mapping[tuple[str, ...], Any]] | None = None
) -> Compilation:
    """Compile the truth at a place; findings are in the compilation."""
    features = [read_source(path, shown(path, services.folder)) for path in location.features]
    truth = read_source(location.file, shown(location.file, services.folder))
    return compile_truth(truth, features, services.packs(location.project), parameters)


def people_at(services: Services, location: TruthLocation) -> tuple[Person, ...]:
    """The people of a truth: the user's own file, else the one beside the truths; none when there is none."""
    path = services.people or location.people
    return () if path is None else read_people(read_source(path, shown(path, services.folder)))


def shown(path: Path, folder: Path) -> str:
    """A path as people see it: relative to where they stand when it is below that."""
    return str(path.relative_to(folder)) if path.is_relative_to(folder) else str(path)


def gate_for(services: Services, packs: Iterable[Pack]) -> FlowGate | None:
    """The authorizer of the packs that have a policy; None when none has."""
    policies = {pack.name: pack.policy for pack in packs if pack.policy is not None}
    return services.gate(policies) if policies else None


class UnknownPersonError(ConvergeError):
    """A person who is not among the people of the truth was named."""

    code = "PERSON_UNKNOWN"


def require_person(people: tuple[Person, ...], person_id: str) -> Person:
    """The person of an id.

    Raises:
        UnknownPersonError: with the ids that are known.
    """
    for person in people:
        if person.id == person_id:
            return person
    known = ", ".join(person.id for person in people) or "nobody; add truths/people.yaml"
    raise UnknownPersonError(
        f"{person_id!r} is not among the people of this truth", hint=f"known: {known}", where=person_id
    )
