"""Validates the wiring.yaml beside a truth. Must never act on it: what runs a truth by its wiring comes later."""

from converge_cli.app.services import Services
from converge_cli.app.shown_path import shown
from converge_cli.pack.wiring import FILE, read_wiring
from converge_cli.truth.catalog import TruthLocation
from converge_cli.truth.compiler import Compilation
from converge_cli.truth.diagnostics import Diagnostic
from converge_cli.truth.files import read_source
from converge_cli.truth.findings import Findings


def wiring_findings(services: Services, truth: TruthLocation, compiled: Compilation) -> tuple[Diagnostic, ...]:
    """Everything that is wrong with the wiring of a truth; nothing when it has none.

    Raises:
        (UnreadableFileError, UnreadableSourceError): the file can't be read.
    """
    path = truth.file.parent / FILE
    if not path.is_file():
        return ()
    findings = Findings()
    read_wiring(read_source(path, shown(path, services.folder)), findings, suggestor_names(compiled))
    return findings.sorted()


def suggestor_names(compiled: Compilation) -> list[str] | None:
    """Names of what the packs register; None when the truth does not compile, so that no name is called unknown."""
    if compiled.job is None:
        return None
    specs = [pack.spec(compiled.parameters.get(pack.name)) for pack in compiled.packs]
    return [item.name for spec in specs for item in spec.suggestors]
