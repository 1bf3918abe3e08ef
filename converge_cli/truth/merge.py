"""Policy and invariant truths: which of them a job takes in, and what can be told of one by itself.

What is merged is compiled like the job's own sections, with the job's vocabulary. A shared truth that can't be read is
kept, so that its findings stop the job: a broken policy must never be the same as none.
"""

from collections.abc import Sequence
from functools import lru_cache

from converge_cli.core.errors import did_you_mean
from converge_cli.truth.contract import Contract, InvariantContract, PolicyContract, SharedContract
from converge_cli.truth.contract_reader import read_contract
from converge_cli.truth.findings import Findings
from converge_cli.truth.named_files import check_files
from converge_cli.truth.part import Part
from converge_cli.truth.source import Source
from converge_cli.truth.surroundings import JobHeader, SharedText
from converge_cli.truth.truth_kind import kind_of
from converge_cli.truth.yaml_source import Node, read_yaml

EVERY_JOB = "*"


def parts_for(contract: Contract, shared: Sequence[SharedText], findings: Findings) -> tuple[list[Part], bool]:
    """The shared truths that apply to a job, in their order, and whether all of them could be read."""
    parts, whole = [], True
    job = JobHeader(contract.key, tuple(contract.packs))
    for text in shared:
        if not applies_by_tree(_tree(text.truth), job):
            continue
        root = read_yaml(text.truth, findings)
        read = read_contract(root, findings) if root is not None else None
        there = root is not None and check_files(root, frozenset(text.missing), findings)
        if root is None or not isinstance(read, SharedContract):
            whole = False
        elif applies(read, job):
            parts.append(Part(read, root, text.features, read.key, there))
    return parts, whole


@lru_cache(maxsize=256)
def _tree(source: Source) -> Node | None:
    """The tree of a shared truth, without its findings: every job of a folder asks."""
    return read_yaml(source, Findings())


def applies(shared: SharedContract, job: JobHeader) -> bool:
    """Whether a shared truth holds in a job: its key or any (policy), or its pack (invariant)."""
    if isinstance(shared, PolicyContract):
        return EVERY_JOB in shared.applies_to or job.key in shared.applies_to
    return isinstance(shared, InvariantContract) and shared.pack in job.packs


def check_applies(part: Part, jobs: Sequence[JobHeader] | None, packs: Sequence[str], findings: Findings) -> None:
    """Add a finding for each job or pack that is not there, and when no job at all is meant."""
    shared = part.contract
    if isinstance(shared, InvariantContract) and shared.pack not in packs:
        fix = did_you_mean(shared.pack, packs) or f"the packs are {', '.join(packs) or 'none'}"
        place = part.place("pack")
        mending = findings.mending(place, shared.pack, packs)
        findings.add("unknown-pack", place, f"no pack {shared.pack!r}", fix, mending)
    elif jobs is None:
        message = "the truth stands alone, so there is no job that it could apply to"
        findings.add("misapplied-truth", part.place("kind"), message, "put it into a truths/ folder, beside the jobs")
    elif isinstance(shared, PolicyContract):
        _check_keys(part, shared, [job.key for job in jobs], findings)
    elif not any(applies(shared, job) for job in jobs if isinstance(shared, InvariantContract)):
        fix = "list the pack in a job, or remove this truth"
        message = f"no job of this folder lists pack {part.root.nearest('pack').value}"
        findings.add("misapplied-truth", part.place("pack"), message, fix)


def _check_keys(part: Part, shared: PolicyContract, keys: Sequence[str], findings: Findings) -> None:
    if EVERY_JOB in shared.applies_to and not keys:
        message, fix = "the folder has no job, so it applies to nothing", "add a truth of kind job"
        findings.add("misapplied-truth", part.place("applies_to"), message, fix)
    for number, key in enumerate(shared.applies_to):
        place = part.place("applies_to", number)
        if key in shared.applies_to[:number]:
            findings.add("duplicate-id", place, f"job {key} is listed twice", "keep one of them")
        elif key != EVERY_JOB and key not in keys:
            fix = did_you_mean(key, keys) or f"the jobs of this folder are {', '.join(keys) or 'none'}"
            mending = findings.mending(place, key, keys)
            findings.add("misapplied-truth", place, f"no job of this folder has the key {key!r}", fix, mending)


def applies_by_tree(root: Node | None, job: JobHeader) -> bool:
    """Whether a shared truth concerns a job, as far as its tree shows: when in doubt, yes."""
    if root is None:
        return True
    named = root.get("applies_to") if kind_of(root) == "policy" else root.get("pack")
    if named is None:
        return True
    values = [item.value for item in named.value] if isinstance(named.value, list) else [named.value]
    known = {EVERY_JOB, job.key} if kind_of(root) == "policy" else set(job.packs)
    return any(not isinstance(value, str) or value in known for value in values)
