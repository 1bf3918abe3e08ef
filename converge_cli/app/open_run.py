"""Opens a recorded run: its events, its row, and an engine that can go on with it."""

from dataclasses import dataclass
from pathlib import Path

import msgspec

from converge_cli.app.load_truth import people_at
from converge_cli.app.make_engine import make_engine
from converge_cli.app.record.recorded_run import find_row, started
from converge_cli.app.services import Services
from converge_cli.core.errors import ConvergeError
from converge_cli.core.job import Job
from converge_cli.core.pack import InvalidPackError, Pack, Parameters
from converge_cli.core.person import Person
from converge_cli.core.port import EventSink, RunRow
from converge_cli.engine.engine import Engine
from converge_cli.truth.catalog import TruthLocation, find_truth


@dataclass(frozen=True, slots=True)
class OpenedRun:
    """A recorded run that can go on."""

    row: RunRow
    job: Job
    engine: Engine
    folder: Path
    packs: tuple[Pack, ...]
    people: tuple[Person, ...]


def people_of_run(services: Services, row: RunRow) -> tuple[Person, ...]:
    """The people who may decide on a run: those of its truth's project."""
    location = _location(services, row)
    if location is None:
        raise ConvergeError(
            f"the truth of run {row.run} is no longer at {row.location}",
            hint="go to its project folder and try again",
            where=row.run,
        )
    return people_at(services, location)


def people_if_here(services: Services, row: RunRow) -> tuple[Person, ...]:
    """The people of a run's project, to name those who may decide; nobody when it is gone, or can't be read."""
    try:
        return people_of_run(services, row)
    except ConvergeError:
        return ()


def folder_of_run(services: Services, row: RunRow) -> Path:
    """Where the files beside a run's truth are looked for; where the user stands when the truth is gone."""
    location = _location(services, row)
    return services.folder if location is None else location.file.parent


def open_run(services: Services, run: str, sink: EventSink | None = None) -> OpenedRun:
    """A recorded run with an engine to go on with.

    Raises:
        ConvergeError: the run, its job, or a pack that it needs is not to be had.
    """
    row = find_row(services, run)
    first = started(services, row.run)
    job = msgspec.json.decode(services.experience.get_blob(first.job), type=Job)
    location = _location(services, row)
    registry = services.packs(location.project if location is not None else None)
    packs, parameters = [], {}
    for use in job.packs:
        pack = registry.find(use.name)
        if pack is None:
            raise InvalidPackError(
                f"run {row.run} needs pack {use.name}, which is not here",
                hint="go to the project folder that it was started from",
                where=use.name,
            )
        packs.append(pack)
        parameters[use.name] = _parameters(pack, use.parameters)
    people = people_at(services, location) if location is not None else ()
    engine = make_engine(
        services, job, packs, parameters, people, principal=first.principal, strict=first.strict, sink=sink
    )
    folder = location.file.parent if location is not None else services.folder
    return OpenedRun(row, job, engine, folder, tuple(packs), people)


def _parameters(pack: Pack, values: object) -> Parameters | None:
    return pack.parse_parameters(values) if isinstance(values, dict) else None


def _location(services: Services, row: RunRow) -> TruthLocation | None:
    """Where the run's truth stands now: where it was started from, else wherever its key is found."""
    if services.shelf is not None:
        return services.shelf.location_of(row)
    for name in (row.location, row.truth):
        try:
            return find_truth(name, services.folder, services.shipped)
        except ConvergeError:
            continue
    return None
