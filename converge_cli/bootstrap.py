"""The composition root: the only module that names concrete adapters."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import converge_cli
from converge_cli._internal.system import RandomIds, SystemClock, random_bytes
from converge_cli.app.deployment import Deployment
from converge_cli.app.services import Services
from converge_cli.core.errors import ConvergeError
from converge_cli.core.pack import Pack, PolicyFiles
from converge_cli.core.person import Person
from converge_cli.core.policy_review import PolicyReview
from converge_cli.core.policy_rule import PolicyRule
from converge_cli.core.port import Experience, FlowGate, Ledger
from converge_cli.settings import Settings, load_settings

if TYPE_CHECKING:
    from converge_cli.app.jobs.job_setting import JobSetting
    from converge_cli.app.jobs.keys import KeySetting
    from converge_cli.app.ledger.mirror import Mirror
    from converge_cli.core.api_key import KeyRing
    from converge_cli.core.job_queue import JobQueue
    from converge_cli.core.ledger_address import LedgerAddress
    from converge_cli.store.ledger_watch import LocalLedger

_NOWHERE = Path("/nonexistent")


def make_services(
    folder: Path,
    *,
    on_stuck: Callable[[str], None] | None = None,
    settings: Settings | None = None,
    ledger: str | None = None,
) -> Services:
    """Everything that use cases need, for somebody who stands in a folder.

    Args:
        ledger: where runs are mirrored, instead of where the settings say.

    Raises:
        ConvergeError: a setting is wrong.
    """
    chosen = settings or load_settings(folder)
    mirrored = chosen.ledger if ledger is None else _address(ledger, folder)
    experience = _experience(chosen)
    return Services(
        experience=experience,
        clock=SystemClock(),
        ids=RandomIds(),
        gate=_cedar,
        policy_problems=_policy_problems,
        policy_review=_policy_review,
        policy_rules=_policy_rules,
        shipped=shipped_content(),
        folder=folder,
        people=chosen.people,
        on_stuck=on_stuck,
        mirror=None if mirrored is None else _mirror(mirrored, experience, alone=mirrored != chosen.ledger),
        identities=chosen.identities,
        deployment=_deployment(chosen),
    )


def _deployment(settings: Settings) -> Deployment:
    durable = settings.storage_backend != "memory"
    return Deployment(storage=settings.storage_backend, storage_path=settings.storage_path if durable else None)


def make_service(
    folder: Path,
    *,
    settings: Settings,
    templates: Sequence[Path] = (),
    appending: Callable[[], AbstractContextManager[Any]] = nullcontext,
) -> "JobSetting":
    """What a server of jobs is made of, in a folder whose truths and packs it serves.

    It never signs: whatever keys lie on its machine, they are those of whoever runs it, not of who calls it.

    Args:
        templates: folders whose truths are served, too.
        appending: entered around each append of a worker, by whoever measures them.

    Raises:
        ConvergeError: a setting is wrong, or a folder of templates is none.
    """
    from converge_cli.app.jobs.job_setting import JobSetting  # noqa: PLC0415  most commands serve nothing
    from converge_cli.app.templates.kept_gates import KeptGates  # noqa: PLC0415
    from converge_cli.app.templates.template_shelf import TemplateShelf  # noqa: PLC0415
    from converge_cli.store.leased import LeasedExperience  # noqa: PLC0415

    made = make_services(folder, settings=settings)
    made = replace(made, identities=_NOWHERE, gate=KeptGates(made.gate))
    services = replace(made, shelf=TemplateShelf(made, templates))
    experience: Any = services.experience
    queue: JobQueue
    if settings.storage_backend == "memory":
        from converge_cli.store.queue_memory import MemoryQueue  # noqa: PLC0415

        queue, probe = MemoryQueue(experience), _nothing
    else:
        from converge_cli.store.queue_sqlite import SqliteQueue  # noqa: PLC0415

        queue, probe = SqliteQueue(experience), experience.file.probe
    return JobSetting(services, queue, partial(LeasedExperience, experience, appending=appending), probe=probe)


def make_keys(services: Services, settings: Settings) -> "KeySetting":
    """The keys of a service, in the store of its jobs.

    Args:
        services: made with these settings.
    """
    from converge_cli.app.jobs.keys import KeySetting  # noqa: PLC0415  most commands need no keys

    experience: Any = services.experience
    lasting = settings.storage_backend != "memory"
    ring: KeyRing
    if lasting:
        from converge_cli.store.keys_sqlite import SqliteKeys  # noqa: PLC0415

        ring = SqliteKeys(experience.file)
    else:
        from converge_cli.store.keys_memory import MemoryKeys  # noqa: PLC0415

        ring = MemoryKeys()
    return KeySetting(ring, services.clock, random_bytes, lasting=lasting)


def _nothing() -> None:
    """Memory is always there to be written."""


def shipped_content() -> Path:
    """The folder that holds our truths, packs and features: in the wheel, else the root of the checkout."""
    package = Path(converge_cli.__file__).resolve().parent
    content = package / "content"
    return content if content.is_dir() else package.parent


def _experience(settings: Settings) -> Experience:
    if settings.storage_backend == "memory":
        from converge_cli.store.memory import MemoryExperience  # noqa: PLC0415  only the chosen adapter is imported

        return MemoryExperience()
    from converge_cli.store.sqlite import SqliteExperience  # noqa: PLC0415

    return SqliteExperience(settings.storage_path)


def find_ledger(folder: Path, given: str | None) -> "LedgerAddress":
    """The ledger that somebody means: the one given, that of the settings, or the file beside the experience store.

    Raises:
        ConvergeError: a setting is wrong, or what was given names no ledger.
    """
    if given is not None:
        return _address(given, folder)
    settings = load_settings(folder)
    return settings.ledger or _address("ledger.db", settings.storage_path)


def open_ledger(address: "LedgerAddress") -> Ledger:
    """The ledger at an address.

    Raises:
        LedgerAddressError: it is in the memory of another process.
    """
    if address.kind in {"grpc", "grpcs"}:
        from converge_cli.store.ledger_grpc import GrpcLedger  # noqa: PLC0415  only the chosen adapter is imported

        return GrpcLedger(address)
    if address.kind == "memory":
        from converge_cli.core.ledger_errors import LedgerAddressError  # noqa: PLC0415

        raise LedgerAddressError(
            "memory: is a ledger of one process, gone with it",
            hint="converge ledger serve --ledger memory:, then --ledger grpc://127.0.0.1:50052",
        )
    return open_local_ledger(address)


def open_local_ledger(address: "LedgerAddress") -> "LocalLedger":
    """A ledger of this process, to be served to others.

    Raises:
        LedgerAddressError: it is another server's.
    """
    if address.kind == "memory":
        from converge_cli.store.ledger_memory import MemoryLedger  # noqa: PLC0415

        return MemoryLedger(SystemClock())
    if address.kind == "file":
        from converge_cli.store.ledger_sqlite import SqliteLedger  # noqa: PLC0415

        return SqliteLedger(Path(address.target), SystemClock())
    from converge_cli.core.ledger_errors import LedgerAddressError  # noqa: PLC0415

    raise LedgerAddressError(f"{address.shown()} is served already", hint="give a file, or memory:")


def _address(text: str, folder: Path) -> "LedgerAddress":
    from converge_cli.core.ledger_address import parse_address  # noqa: PLC0415  most commands have no ledger

    return parse_address(text, folder)


def _mirror(address: "LedgerAddress", experience: Experience, *, alone: bool) -> "Mirror":
    from converge_cli.app.ledger.mirror import Mirror  # noqa: PLC0415

    if address.kind == "memory":
        open_ledger(address)
    return Mirror(partial(open_ledger, address), experience, address.shown(), alone=alone)


def _cedar(policies: Mapping[str, PolicyFiles]) -> FlowGate:
    from converge_cli.policy.cedar import CedarAuthorizer  # noqa: PLC0415

    return CedarAuthorizer(policies)


def _policy_problems(pack: Pack) -> Sequence[ConvergeError]:
    if pack.policy is None:
        return ()
    from converge_cli.policy.policy_set import policy_problems  # noqa: PLC0415

    return policy_problems(pack.name, pack.policy, pack.gates)


def _policy_review(pack: Pack, people: Sequence[Person]) -> PolicyReview | None:
    if pack.policy is None:
        return None
    from converge_cli.policy.review import review_policy  # noqa: PLC0415

    return review_policy(pack.name, pack.policy, pack.gates, people)


def _policy_rules(pack: str, files: PolicyFiles) -> Sequence[PolicyRule]:
    from converge_cli.core.pack import InvalidPackError  # noqa: PLC0415
    from converge_cli.policy.policy_set import policy_rules  # noqa: PLC0415

    try:
        return policy_rules(pack, files)
    except InvalidPackError:  # they are shown beside what was decided, and decide nothing
        return ()


def policy_self_test() -> list[str]:
    """What is wrong with the policy engine of this installation; empty when nothing is."""
    from converge_cli.policy.self_test import self_test  # noqa: PLC0415

    return self_test()
