"""Looks whether the files are there that examples take their inputs from. Must never open one."""

from pathlib import Path

from converge_cli.app.services import Services
from converge_cli.core.errors import ConvergeError
from converge_cli.truth.catalog import TruthLocation
from converge_cli.truth.compiler import Compilation
from converge_cli.truth.diagnostics import Diagnostic
from converge_cli.truth.files import read_source
from converge_cli.truth.findings import Findings
from converge_cli.truth.named_files import is_absolute


def missing_example_files(
    services: Services, location: TruthLocation, compilation: Compilation
) -> tuple[Diagnostic, ...]:
    """A finding for each path that is neither relative to its feature nor to the truth, or is there on one machine."""
    findings = Findings()
    for path, place in compilation.example_files:
        feature = services.folder / place.file
        absolute = is_absolute(path)
        if not absolute and any(_exists(folder / path) for folder in (feature.parent, location.file.parent)):
            continue
        try:
            findings.read(read_source(feature, place.file))
        except ConvergeError:
            continue  # it was there when it was compiled; whoever runs the example will say
        where = findings.within(place, f'"{path}"')
        fix = "write a path relative to the feature or to the truth"
        if absolute:
            message = f"{path!r} is an absolute path, which holds on one machine only"
            findings.add("invalid-value", where, message, fix)
        else:
            message = f"there is no file or folder {path}, neither beside the feature nor beside the truth"
            findings.add("missing-file", where, message, fix)
    return findings.sorted()


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # a name that no file can have
        return False
