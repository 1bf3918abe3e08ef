"""Loads a truth by name: finds its files, its packs and its people, and compiles it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from converge_cli.app.examples.files import missing_example_files
from converge_cli.app.services import Services
from converge_cli.app.shown_path import shown
from converge_cli.app.source_texts import source_texts
from converge_cli.app.truth_shelf import TruthShelf
from converge_cli.core.errors import ConvergeError
from converge_cli.core.job import Job
from converge_cli.core.pack import Pack
from converge_cli.core.person import Person
from converge_cli.core.port import FlowGate
from converge_cli.truth.catalog import TruthLocation, find_truth, folder_of, shared_truths_in
from converge_cli.truth.compiler import Compilation, compile_truth
from converge_cli.truth.diagnostics import Diagnostic, InvalidTruthError
from converge_cli.truth.files import read_source
from converge_cli.truth.people import read_people
from converge_cli.truth.surroundings import Surroundings

if TYPE_CHECKING:
    from converge_cli.pack.wiring import Wiring


@dataclass(frozen=True, slots=True)
class LoadedTruth:
    """A truth that compiled, with everything that a run of it needs.

    Attributes:
        merged: the policy and invariant truths that the job holds.
        wiring: what the file beside it asks of a deployment; of a truth from a server's shelf only.
    """

    location: TruthLocation
    compilation: Compilation
    job: Job
    people: tuple[Person, ...]
    merged: tuple[TruthLocation, ...] = ()
    wiring: "Wiring | None" = None

    @property
    def features(self) -> tuple[Path, ...]:
        """Every feature file that its scenarios come from."""
        return tuple(path for truth in (self.location, *self.merged) for path in truth.features)


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
    if services.shelf is not None:
        return services.shelf.load(name, parameters)
    return load_at(services, find_truth(name, services.folder, services.shipped), parameters)


def locate_truth(services: Services, name: str) -> TruthLocation:
    """The files of a truth; for a server only of those that it serves, by key.

    Raises:
        ConvergeError: there is no such truth, or its file can't be read.
    """
    if services.shelf is not None:
        return services.shelf.locate(name)
    return find_truth(name, services.folder, services.shipped)


def load_at(
    services: Services, location: TruthLocation, parameters: Mapping[str, Mapping[tuple[str, ...], Any]] | None = None
) -> LoadedTruth:
    """Compile the truth at a place, ready to run.

    Raises:
        NotRunnableError: it is a policy or an invariant truth.
        InvalidTruthError: with every finding.
        InvalidParameterError: a given parameter is the only fault.
        ConvergeError: a file of it can't be read.
    """
    shelf = TruthShelf(services)
    if not location.runs:
        raise NotRunnableError(location, [job.key for job in shelf.jobs_of(location)])
    # Who may decide and which inputs are given is the run's business, so neither keeps a truth from loading.
    around = Surroundings(shared=shelf.shared_texts(location), missing=frozenset(location.missing))
    compilation = _compile(services, location, around, shelf, parameters)
    if compilation.job is None and parameters:
        own = _errors(_compile(services, location, around, shelf))
        if all(item.name == "invalid-parameters" for item in own):
            raise InvalidParameterError(compilation.diagnostics)
        raise InvalidTruthError(own)
    return loaded(services, location, compilation)


def loaded(services: Services, location: TruthLocation, compilation: Compilation) -> LoadedTruth:
    """A truth that has been compiled, ready to run.

    Raises:
        InvalidTruthError: with every finding.
        ConvergeError: its people can't be read.
    """
    job = compilation.job
    if job is None:
        raise InvalidTruthError(compilation.diagnostics)
    return LoadedTruth(location, compilation, job, people_at(services, location), _merged(location, job))


def _merged(location: TruthLocation, job: Job) -> tuple[TruthLocation, ...]:
    folder = folder_of(location) if job.merged else None
    return () if folder is None else tuple(truth for truth in shared_truths_in(folder) if truth.key in job.merged)


def _errors(compilation: Compilation) -> list[Diagnostic]:
    return [item for item in compilation.diagnostics if item.severity == "error"]


def compile_at(services: Services, location: TruthLocation, shelf: TruthShelf | None = None) -> Compilation:
    """Compile the truth at a place and look at all that it names: files, people, other truths.

    Args:
        services: where to look.
        location: its files.
        shelf: its folder, when other truths of it are compiled too.

    Raises:
        ConvergeError: a file of it can't be read.
    """
    shelf = shelf or TruthShelf(services)
    around = Surroundings(
        shared=shelf.shared_texts(location, readable=True),  # whoever validates is told about each file by itself
        people=_listed(services, location),
        missing=frozenset((*location.missing, *location.missing_inputs)),
        jobs=None if location.runs else shelf.job_headers(location),
        today=services.clock.now()[:10],
    )
    compiled = _compile(services, location, around, shelf)
    missing = missing_example_files(services, location, compiled)
    return replace(compiled, diagnostics=(*compiled.diagnostics, *missing)) if missing else compiled


def _compile(
    services: Services,
    location: TruthLocation,
    around: Surroundings,
    shelf: TruthShelf,
    parameters: Mapping[str, Mapping[tuple[str, ...], Any]] | None = None,
) -> Compilation:
    features = [read_source(path, shown(path, services.folder)) for path in location.features]
    truth = read_source(location.file, shown(location.file, services.folder))
    compiled = compile_truth(truth, features, shelf.packs(location.project), parameters, around)
    if compiled.job is None:
        return compiled
    merged = {shown(item.file, services.folder) for item in _merged(location, compiled.job)}
    shared = [text for text in around.shared if text.truth.name in merged]
    return replace(compiled, texts=source_texts(location, services.folder, truth, features, shared))


def _listed(services: Services, location: TruthLocation) -> tuple[Person, ...] | None:
    """The people of a truth; None when there is no list of them, or none that can be read."""
    if services.people is None and location.people is None:
        return None
    try:
        return people_at(services, location)
    except ConvergeError:  # whoever validates is told about the file by itself
        return None


def people_at(services: Services, location: TruthLocation) -> tuple[Person, ...]:
    """The people of a truth: the user's own file, else the one beside the truths; none when there is none."""
    path = services.people or location.people
    if path is not None and services.shelf is not None:
        return services.shelf.people(path)
    return () if path is None else read_people(read_source(path, shown(path, services.folder)))


def gate_for(services: Services, packs: Iterable[Pack]) -> FlowGate | None:
    """The authorizer of the packs that have a policy; None when none has."""
    policies = {pack.name: pack.policy for pack in packs if pack.policy is not None}
    return services.gate(policies) if policies else None


class NotRunnableError(ConvergeError):
    """A policy or an invariant truth was to be run."""

    code = "TRUTH_NOT_RUNNABLE"

    def __init__(self, location: TruthLocation, jobs: Sequence[str]) -> None:
        hint = f"it holds in {', '.join(jobs)}: converge run {jobs[0]}" if jobs else "it applies to no job yet"
        super().__init__(
            f"{location.key} is a truth of kind {location.kind}: it is merged into jobs, not run",
            hint=hint,
            where=str(location.file),
        )


class InvalidParameterError(ConvergeError):
    """A parameter given at run does not fit; the truth by itself is fine."""

    code = "PARAMETER_INVALID"

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        first = next(item for item in diagnostics if item.severity == "error")
        super().__init__(first.message, hint=first.fix, where="--param")


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
