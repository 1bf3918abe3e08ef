"""Plans a run; nothing runs, nothing is recorded. What goes in, who works, which gates, moves and approvals are met."""

from collections.abc import Sequence
from typing import Any

import msgspec

from converge_cli.app.load_truth import load_truth, require_person
from converge_cli.app.read_inputs import read_inputs
from converge_cli.app.run_job import RunRequest
from converge_cli.app.services import Services
from converge_cli.app.show_truth import machine_data
from converge_cli.app.templates.deployed import deployed_job, wiring_of
from converge_cli.core.approval import ApprovalPoint
from converge_cli.core.criterion import Criterion
from converge_cli.core.invariant import Origin
from converge_cli.core.pack_spec import SuggestorSpec
from converge_cli.core.person import Person
from converge_cli.core.predicate import Selection, selections_of
from converge_cli.core.selector import selector


def plan_run(services: Services, request: RunRequest) -> dict[str, Any]:
    """The plan as data.

    Raises:
        ConvergeError: whatever would keep the run from starting.
    """
    truth = load_truth(services, request.truth, request.parameters)
    job = deployed_job(services, truth, wiring_of(services, truth, request.wiring), request.budget)
    principal = request.principal or job.principal
    if request.principal is not None:
        require_person(truth.people, request.principal)
    packs = truth.compilation.packs
    given = read_inputs(job, packs, truth.location.file.parent, request.inputs)
    specs = [pack.spec(truth.compilation.parameters[pack.name]) for pack in packs]
    suggestors = [(spec.name, item) for spec in specs for item in spec.suggestors]
    sizes = {name: len(proposals) for name, proposals in given.feeds}
    return {
        "truth": job.truth,
        "title": job.title,
        "purpose": msgspec.to_builtins(job.purpose),
        "principal": principal,
        "budget": msgspec.to_builtins(job.budget),
        "inputs": [
            {
                "name": record.name,
                "source": record.source,
                "digest": record.digest,
                "facts": sizes[f"input:{record.name}"],
            }
            for record in given.records
        ],
        "missing_inputs": list(given.missing),
        "packs": [{"name": spec.name, "version": spec.version, "digest": spec.digest} for spec in specs],
        "suggestors": [
            {"pack": pack, "name": item.name, "reads": list(item.reads), "writes": list(item.writes)}
            for pack, item in suggestors
        ],
        "gates": [
            {"gate": gate.name, "on": gate.asks, "requires": list(gate.requires), "approvals": list(gate.approvals)}
            for gate in job.gates
        ],
        "entity_states": [machine_data(machine) for machine in job.entity_states],
        "approvals": [_approval(point, truth.people, principal) for point in job.approval_points],
        "criteria": [_criterion(item, [spec for _, spec in suggestors]) for item in job.criteria],
        "merged": list(job.merged),
        "invariants": [
            {"id": item.id, "class": item.when, "title": item.title, "from": _place(item.origin)}
            for item in job.invariants
        ],
        "checks_on_proposals": [
            {"id": item.id, "code": item.code, "title": item.title, "from": _place(item.origin)}
            for item in job.validations
        ],
        "clauses": [msgspec.to_builtins(clause) for clause in job.clauses],
    }


def _place(origin: Origin | None) -> str | None:
    return None if origin is None else f"{origin.file}:{origin.line}"


def _approval(point: ApprovalPoint, people: Sequence[Person], principal: str | None) -> dict[str, Any]:
    may_decide = [
        person.id
        for person in people
        if point.role in person.roles and not ("principal" in point.not_by and person.id == principal)
    ]
    return {
        "point": point.id,
        "role": point.role,
        "approves": point.approves.words,
        "modes": list(point.modes),
        "quorum": point.quorum,
        "may_decide": may_decide,
    }


def _criterion(item: Criterion, suggestors: Sequence[SuggestorSpec]) -> dict[str, Any]:
    selections = [chosen for then in item.then for chosen in selections_of(then.check)]
    return {
        "id": item.id,
        "description": item.description,
        "required": item.required,
        "blocked_by": list(item.blocked_by),
        "written_by": [spec.name for spec in suggestors if any(_writes(spec.writes, chosen) for chosen in selections)],
    }


def _writes(writes: tuple[str, ...], selection: Selection) -> bool:
    return any(selector(write).overlaps(selector(selection.selector)) for write in writes)
