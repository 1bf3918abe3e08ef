"""Tells when a paused run would go on with other packs, or another policy, than it was driven with so far."""

from collections.abc import Sequence

import msgspec

from converge_cli.app.record.recorded_run import driven_with
from converge_cli.app.services import Services
from converge_cli.core.errors import ConvergeError
from converge_cli.core.pack import Pack
from converge_cli.core.recorded import PackRecord

_SHOWN = 12


class PacksChangedError(ConvergeError):
    """A pack is not as it was when the run was driven last, and nobody has said that it may go on so."""

    code = "PACKS_CHANGED"

    def __init__(self, run: str, changes: Sequence[str]) -> None:
        super().__init__(
            f"the packs of run {run} have changed since: {'; '.join(changes)}",
            hint=f"converge resume {run} --accept-changes goes on with them as they are now, and records that",
            where=run,
        )
        self.changes = tuple(changes)


def require_same_packs(services: Services, run: str, packs: Sequence[Pack]) -> None:
    """Refuse packs that are not those that the run was driven with last.

    Raises:
        PacksChangedError: with what changed, pack by pack.
    """
    before = {record.name: record for record in driven_with(services, run).packs}
    changes = [
        _words(services, before[pack.name], pack)
        for pack in packs
        if pack.name in before and before[pack.name].digest != pack.digest
    ]
    if changes:
        raise PacksChangedError(run, changes)


def _words(services: Services, before: PackRecord, now: Pack) -> str:
    """`procurement 1.0.0 -> 1.1.0 (policy/procurement.cedar changed, rules.py added)`."""
    versions = before.version if before.version == now.version else f"{before.version} -> {now.version}"
    changed = _changed_files(services, before, now)
    if not changed:  # recorded by a version that kept no list of files
        changed = [f"sha256 {before.digest[:_SHOWN]} -> {now.digest[:_SHOWN]}"]
    more = [f"and {len(changed) - _SHOWN} more"] if len(changed) > _SHOWN else []
    return f"{now.name} {versions} ({', '.join([*changed[:_SHOWN], *more])})"


def _changed_files(services: Services, before: PackRecord, now: Pack) -> list[str]:
    try:
        listed = services.experience.get_blob(before.digest)
        old = dict(msgspec.json.decode(listed, type=list[tuple[str, str]]))
    except (ConvergeError, msgspec.MsgspecError):
        return []
    new = dict(now.files)
    told = {path: "changed" for path in old if path in new and old[path] != new[path]}
    told |= {path: "removed" for path in old if path not in new}
    told |= {path: "added" for path in new if path not in old}
    return [f"{path} {told[path]}" for path in sorted(told)]
