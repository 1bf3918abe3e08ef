"""Makes the engine of a run: what the services give every run, and what is this run's own."""

from collections.abc import Iterable, Mapping, Sequence

from converge_cli.app.load_truth import gate_for
from converge_cli.app.services import Services
from converge_cli.core.job import Job
from converge_cli.core.pack import Pack, Parameters
from converge_cli.core.person import Person
from converge_cli.core.port import EventSink
from converge_cli.core.suggestor import Suggestor
from converge_cli.engine.engine import Engine


def make_engine(
    services: Services,
    job: Job,
    packs: Sequence[Pack],
    parameters: Mapping[str, Parameters | None],
    people: Iterable[Person],
    *,
    principal: str | None,
    strict: bool,
    sink: EventSink | None,
    scripted: Iterable[Suggestor] = (),
) -> Engine:
    """An engine over the services' ports; `scripted` suggestors are registered last."""
    return Engine(
        scripted,
        job=job,
        packs=packs,
        parameters=parameters,
        people=people,
        gate=gate_for(services, packs),
        principal=principal,
        strict=strict,
        experience=services.experience,
        sink=sink if services.mirror is None else services.mirror.beside(sink),
        clock=services.clock,
        ids=services.ids,
        on_stuck=services.on_stuck,
    )
