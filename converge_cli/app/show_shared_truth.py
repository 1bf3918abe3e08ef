"""Shows a policy or invariant truth: what it adds, and to which jobs it is added. Nothing is compiled for it."""

from typing import Any

from converge_cli.app.services import Services
from converge_cli.app.truth_shelf import TruthShelf, shown
from converge_cli.truth.catalog import TruthLocation
from converge_cli.truth.contract import InvariantContract, PolicyContract, SharedContract
from converge_cli.truth.contract_reader import read_contract
from converge_cli.truth.diagnostics import InvalidTruthError
from converge_cli.truth.files import read_source
from converge_cli.truth.findings import Findings
from converge_cli.truth.yaml_source import read_yaml


def show_shared_truth(services: Services, location: TruthLocation) -> dict[str, Any]:
    """What the truth says and the keys of the jobs that it holds in, as data.

    Raises:
        InvalidTruthError: its contract does not read.
        ConvergeError: a file can't be read.
    """
    findings = Findings()
    root = read_yaml(read_source(location.file, shown(location.file, services.folder)), findings)
    contract = read_contract(root, findings) if root is not None else None
    if not isinstance(contract, SharedContract) or findings.failed:
        raise InvalidTruthError(findings.sorted())
    return {
        "key": contract.key,
        "kind": location.kind,
        "title": contract.title,
        "applies_to": list(contract.applies_to) if isinstance(contract, PolicyContract) else [],
        "pack": contract.pack if isinstance(contract, InvariantContract) else None,
        "jobs": [job.key for job in TruthShelf(services).jobs_of(location)],
        "must_not": [
            {"id": item.id, "text": item.text, "guarded_by": item.guarded_by, "deferred": item.deferred}
            for item in contract.authority.must_not
        ],
        "requires_approval": list(contract.authority.requires_approval),
        "constraints": [
            {"id": item.id, "severity": item.severity, "text": item.description or "; ".join(item.then)}
            for item in contract.constraints
        ],
        "approval_points": [
            {"id": item.id, "role": item.role, "quorum": item.quorum, "approves": item.approves}
            for item in contract.approval_points
        ],
        "features": [shown(path, services.folder) for path in location.features],
    }
