"""A truth in a deployment: what its wiring asks for is there, or it does not start; its budget is what both allow.

Must never pass over what a wiring says: what can't be had here, or would change nothing, is refused by name.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from converge_cli._internal.loopback import is_loopback
from converge_cli.app.deployment import Deployment
from converge_cli.app.load_truth import LoadedTruth
from converge_cli.app.services import Services
from converge_cli.app.shown_path import shown
from converge_cli.app.validate.wiring_findings import suggestor_names
from converge_cli.core.budget import Budget, BudgetChange
from converge_cli.core.errors import ConvergeError
from converge_cli.core.job import Job
from converge_cli.pack.wiring import FILE, Requirements, Wiring, lacks_version, read_foreign_wiring
from converge_cli.truth.diagnostics import InvalidTruthError
from converge_cli.truth.files import read_source
from converge_cli.truth.findings import Findings


class RequirementMissingError(ConvergeError):
    """A deployment has not what the wiring of a truth asks for; `missing` names each."""

    code = "REQUIREMENT_MISSING"

    def __init__(self, truth: str, missing: tuple[str, ...]) -> None:
        super().__init__(
            f"{truth} can't run in this deployment: {'; '.join(missing)}",
            hint="add what is missing, or run it by another wiring: converge run --wiring FILE",
            where=FILE,
        )
        self.missing = missing


class BudgetTooLargeError(ConvergeError):
    """More was asked for than the wiring of a deployment lets a run spend."""

    code = "BUDGET_TOO_LARGE"


def wiring_of(services: Services, truth: LoadedTruth, given: Path | None = None) -> Wiring | None:
    """The wiring of a truth: a given file, else the one beside it; None when there is none.

    Raises:
        InvalidTruthError: with everything that is wrong with it.
        (UnreadableFileError, UnreadableSourceError): the file can't be read.
    """
    if given is None and services.shelf is not None:
        return truth.wiring
    return read_wiring_of(services, truth, given)


def read_wiring_of(services: Services, truth: LoadedTruth, given: Path | None = None) -> Wiring | None:
    """The same, read anew.

    Raises:
        InvalidTruthError: with everything that is wrong with it.
        (UnreadableFileError, UnreadableSourceError): the file can't be read.
    """
    path = truth.location.file.parent / FILE if given is None else services.folder / given
    if given is None and not path.is_file():
        return None
    findings = Findings()
    source = read_source(path, shown(path, services.folder))
    wiring = read_foreign_wiring(source, findings, suggestor_names(truth.compilation))
    if wiring is None:
        raise InvalidTruthError(findings.sorted())
    return wiring


def deployed_job(services: Services, truth: LoadedTruth, wiring: Wiring | None, budget: Mapping[str, Any]) -> Job:
    """The job as this deployment runs it: with the wiring's limits, and with those that were asked for.

    Raises:
        RequirementMissingError: the deployment has not what the wiring asks for; names all of it.
        BudgetTooLargeError: a limit that was asked for is higher than the wiring's.
    """
    if wiring is None:
        return _with_limits(truth.job, budget)
    missing = missing_requirements(services, truth, wiring)
    if missing:
        raise RequirementMissingError(truth.job.truth, missing)
    _require_within(truth.job.truth, wiring, budget)
    return _with_limits(truth.job, {**_limits(wiring), **budget})


def require_addable(truth: LoadedTruth, budget: Budget, more: BudgetChange) -> None:
    """Refuse to add to the budget of a run what the deployment does not let it spend.

    Raises:
        BudgetTooLargeError: with it a limit would be higher than the wiring's.
    """
    if truth.wiring is not None:
        added, after = msgspec.structs.asdict(more), msgspec.structs.asdict(budget.add(more))
        _require_within(truth.job.truth, truth.wiring, {name: after[name] for name in added if added[name]})


def missing_requirements(services: Services, truth: LoadedTruth, wiring: Wiring) -> tuple[str, ...]:
    """What the wiring of a truth asks for and this deployment has not, each in words."""
    return (
        *_version(wiring),
        *_backends(wiring, services.deployment),
        *_privacy(wiring, services),
        *_storage(wiring, services.deployment, truth),
        *_budget(wiring, truth.job.budget),
    )


def requirements_data(services: Services, truth: LoadedTruth, wiring: Wiring | None) -> dict[str, Any]:
    """Whether a truth can run here, what is missing, and what its wiring says."""
    missing = () if wiring is None else missing_requirements(services, truth, wiring)
    said = None if wiring is None else msgspec.json.decode(msgspec.json.encode(wiring))
    return {"met": not missing, "missing": list(missing), "wiring": said}


def _version(wiring: Wiring) -> Iterator[str]:
    needed = lacks_version(wiring)
    if needed is not None:
        yield f"it needs Converge {needed}"


def _backends(wiring: Wiring, here: Deployment) -> Iterator[str]:
    there = ", ".join(here.backends)
    for name, wired in wiring.suggestors.items():
        if wired.backend is not None and wired.backend not in here.backends:
            yield f"suggestor {name} needs backend {wired.backend}; there is {there}"
        for wish in _unmet(wired.requirements):
            yield f"suggestor {name} needs a backend with {wish}; none of {there} has it"
    for backend in wiring.providers.prefer:
        if backend not in here.backends:
            yield f"providers.prefer names {backend}; there is {there}"
    if set(here.backends) <= set(wiring.providers.exclude):
        yield f"providers.exclude leaves none of {there}"


def _unmet(asked: str | Requirements | None) -> Iterator[str]:
    """What neither a suggestor's own code nor written answers can promise."""
    if isinstance(asked, str):
        if asked != "deterministic":
            yield f"preset {asked}"
        return
    if asked is None:
        return
    for name, value in msgspec.structs.asdict(asked).items():
        # Both cost nothing, need no network and always answer alike; of all else they promise nothing.
        if value is None or value is False or name in {"cost", "offline", "replayable"}:
            continue
        words = ", ".join(value) if isinstance(value, tuple) else str(value)
        yield name if value is True else f"{name} {words}"


def _privacy(wiring: Wiring, services: Services) -> Iterator[str]:
    mirror = services.mirror
    if wiring.data_classification != "restricted" or mirror is None:
        return
    if mirror.name.startswith("grpc") and not is_loopback(urlsplit(mirror.name).hostname or ""):
        yield f"restricted data never leave the machine, and runs are mirrored to {mirror.name}"


def _storage(wiring: Wiring, here: Deployment, truth: LoadedTruth) -> Iterator[str]:
    asked = wiring.storage
    if asked.backend is not None and asked.backend != here.storage:
        yield f"runs must be recorded by {asked.backend}, and CONVERGE_STORAGE_BACKEND is {here.storage}"
    if asked.path is None:
        return
    base = truth.location.project or truth.location.file.parent
    if here.storage_path is None or (base / asked.path).resolve() != here.storage_path.resolve():
        yield f"runs must be recorded in {asked.path}, and CONVERGE_STORAGE_PATH is another folder"


def _budget(wiring: Wiring, budget: Budget) -> Iterator[str]:
    """A limit above the truth's would change nothing: a deployment spends what the truth allows, or less."""
    for name, most in _limits(wiring).items():
        allowed = getattr(budget, name)
        if allowed is not None and most > allowed:
            yield f"budget.{name} is {_amount(name, most)}, and the truth allows {_amount(name, allowed)}"


def _require_within(truth: str, wiring: Wiring, budget: Mapping[str, Any]) -> None:
    for name, most in _limits(wiring).items():
        asked = budget.get(name)
        if asked is not None and asked > most:
            told = f"{truth} may spend {_amount(name, most)} here, and {_amount(name, asked)} was asked for"
            raise BudgetTooLargeError(told, hint=f"ask for less; {FILE} of the deployment sets it", where="budget")


def _limits(wiring: Wiring) -> dict[str, Any]:
    return {name: most for name, most in msgspec.structs.asdict(wiring.budget).items() if most is not None}


def _amount(name: str, value: Any) -> str:
    units = {"time": f"{value} s", "cost_usd": f"{value} USD"}
    return units.get(name, f"{value} {name}")


def _with_limits(job: Job, changes: Mapping[str, Any]) -> Job:
    if not changes:
        return job
    return msgspec.structs.replace(job, budget=msgspec.structs.replace(job.budget, **changes))
