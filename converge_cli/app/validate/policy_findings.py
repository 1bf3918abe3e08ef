"""What a look at the valid policy of a pack shows: idle and shadowed rules, gates nobody passes; each at its place.

Must never be asked about a policy that does not validate.
"""

from collections.abc import Iterator
from pathlib import Path

from converge_cli.app.services import Services
from converge_cli.app.shown_path import shown
from converge_cli.app.validate.failures import finding
from converge_cli.core.errors import ConvergeError
from converge_cli.core.pack import InvalidParametersError, Pack
from converge_cli.core.pack_spec import GateSpec
from converge_cli.core.passing import passed_selector
from converge_cli.core.person import Person
from converge_cli.core.selector import selector
from converge_cli.pack.pack_files import MANIFEST
from converge_cli.truth.catalog import project_of
from converge_cli.truth.diagnostics import Diagnostic
from converge_cli.truth.files import read_source
from converge_cli.truth.findings import Findings
from converge_cli.truth.people import read_people
from converge_cli.truth.yaml_source import read_yaml


def policy_findings(services: Services, pack: Pack, path: Path) -> Iterator[Diagnostic]:
    """The findings about a pack whose policy is valid.

    Args:
        path: the pack's folder or file.
    """
    folder, base = services.folder, path if path.is_dir() else path.parent
    review = services.policy_review(pack, people_near(services, path))
    for remark in review.remarks if review is not None else ():
        if remark.where:
            file, _, line = remark.where.rpartition(":")
            yield finding(remark.kind, base / file, folder, remark.message, remark.fix, int(line))
        else:
            yield _at_gate(path, folder, pack, remark.about, remark.message, remark.fix)
    for gate in pack.gates:
        for name in sorted(_unpassable(pack, gate)):
            told = f"gate {gate.name} requires {name}, which no suggestor of the pack passes and no approval grants"
            fix = f"add a suggestor that writes {passed_selector(name)}, or take it out of requires"
            yield _at_gate(path, folder, pack, gate.name, told, fix)


def people_near(services: Services, path: Path) -> tuple[Person, ...]:
    """The people that a pack's project shares; none where there is no such file, or it does not read."""
    project = project_of(path)
    file = services.people or (None if project is None else project / "truths" / "people.yaml")
    if file is None or not file.is_file():
        return ()
    try:
        return read_people(read_source(file, shown(file, services.folder)))
    except ConvergeError:  # told where people are looked at
        return ()


def _unpassable(pack: Pack, gate: GateSpec) -> set[str]:
    """The required gates that nothing can make pass; none are known when the pack needs parameters of a truth."""
    if not gate.requires:
        return set()
    try:
        writes = [text for item in pack.suggestors(pack.parse_parameters({})) for text in item.writes]
    except InvalidParametersError:
        return set()
    granted = {name for grant in gate.approvals.values() for name in grant.gates}
    return {
        name
        for name in gate.requires
        if name not in granted and not any(selector(text).overlaps(selector(passed_selector(name))) for text in writes)
    }


def _at_gate(path: Path, folder: Path, pack: Pack, gate: str, message: str, fix: str) -> Diagnostic:
    """A finding where the pack declares a gate; about the first line of a pack in one file."""
    if not path.is_dir():
        return finding("unreachable-gate", path, folder, message, fix)
    number = next(number for number, item in enumerate(pack.gates) if item.name == gate)
    root = read_yaml(read_source(path / MANIFEST), Findings())
    line = 1 if root is None else root.nearest("gates", number).line
    return finding("unreachable-gate", path / MANIFEST, folder, message, fix, line)
