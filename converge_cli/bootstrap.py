"""The composition root: the only module that names concrete adapters."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import converge_cli
from converge_cli._internal.system import RandomIds, SystemClock
from converge_cli.app.services import Services
from converge_cli.core.errors import ConvergeError
from converge_cli.core.pack import Pack, PolicyFiles
from converge_cli.core.port import Experience, FlowGate
from converge_cli.settings import Settings, load_settings


def make_services(
    folder: Path, *, on_stuck: Callable[[str], None] | None = None, settings: Settings | None = None
) -> Services:
    """Everything that use cases need, for somebody who stands in a folder.

    Raises:
        ConvergeError: a setting is wrong.
    """
    chosen = settings or load_settings(folder)
    return Services(
        experience=_experience(chosen),
        clock=SystemClock(),
        ids=RandomIds(),
        gate=_cedar,
        policy_problems=_policy_problems,
        shipped=shipped_content(),
        folder=folder,
        people=chosen.people,
        on_stuck=on_stuck,
    )


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


def _cedar(policies: Mapping[str, PolicyFiles]) -> FlowGate:
    from converge_cli.policy.cedar import CedarAuthorizer  # noqa: PLC0415

    return CedarAuthorizer(policies)


def _policy_problems(pack: Pack) -> Sequence[ConvergeError]:
    if pack.policy is None:
        return ()
    from converge_cli.policy.policy_set import policy_problems  # noqa: PLC0415

    return policy_problems(pack.name, pack.policy, pack.gates)


def policy_self_test() -> list[str]:
    """What is wrong with the policy engine of this installation; empty when nothing is."""
    from converge_cli.policy.self_test import self_test  # noqa: PLC0415

    return self_test()
