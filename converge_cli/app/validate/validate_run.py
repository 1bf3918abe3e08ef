"""Validates and runs: every job that compiles, on its own inputs and once per example, beside all other findings.

The caller says where runs are recorded; nothing here may write to anything else.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from converge_cli.app.examples.run_examples import run_loaded_examples
from converge_cli.app.examples.truth_examples import TruthExamples
from converge_cli.app.load_truth import loaded
from converge_cli.app.services import Services
from converge_cli.app.validate.counted import Choice
from converge_cli.app.validate.failures import findings_of
from converge_cli.app.validate.run_findings import run_findings
from converge_cli.app.validate.validate_truths import Validation, check_paths, validation_of
from converge_cli.core.errors import ConvergeError
from converge_cli.core.port import EventSink


@dataclass(frozen=True, slots=True)
class ValidatedRuns:
    """What was found, in files and by running.

    Attributes:
        runs: one per job that compiled, in the order in which they were found.
        not_run: keys of the jobs that did not.
    """

    validation: Validation
    runs: tuple[TruthExamples, ...]
    not_run: tuple[str, ...]


async def validate_and_run(
    services: Services, paths: Sequence[Path], choice: Choice, sink: EventSink | None = None
) -> ValidatedRuns:
    """Check every file, then run each job that compiled, compiled once for all; `sink` sees what happens in the runs.

    Raises:
        NothingToValidateError: no file was found, or a path names none.
    """
    checked = check_paths(services, paths)
    runs: list[TruthExamples] = []
    jobs = [(location, compilation) for location, compilation in checked.truths.items() if location.runs]
    for location, compilation in jobs:
        if compilation is None or compilation.job is None:
            continue
        try:
            examples = await run_loaded_examples(services, loaded(services, location, compilation), sink)
            checked.diagnostics += run_findings(examples, services.folder)
            runs.append(examples)
        except ConvergeError as error:
            checked.diagnostics += findings_of(error, location.file, services.folder)
    ran = {examples.truth.location for examples in runs}
    lost = tuple(location.key for location, _ in jobs if location not in ran)
    return ValidatedRuns(validation_of(services, checked, choice), tuple(runs), lost)
