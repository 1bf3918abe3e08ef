"""What compiling a truth comes to. Values only."""

from collections.abc import Mapping
from dataclasses import dataclass

from converge_cli.core.example import Example, Gap
from converge_cli.core.job import Job
from converge_cli.core.pack import Pack, Parameters
from converge_cli.core.registry import SourceText
from converge_cli.truth.diagnostics import Diagnostic
from converge_cli.truth.findings import Place


@dataclass(frozen=True, slots=True)
class Compilation:
    """What a truth came to.

    Attributes:
        job: None when any diagnostic is an error, and for a truth that is merged into others.
        examples: the @e2e scenarios that compiled.
        gaps: the @manual scenarios.
        parameters: pack name -> typed parameters, None for a pack without any.
        packs: the packs that were found, in the order of the contract.
        said: the steps of packs that the truth says, as (pack, sentence).
        example_files: paths that the examples take inputs from, each with its place.
        texts: what the job was compiled from, as whoever read the files names it; kept with every run of it.
    """

    job: Job | None
    examples: tuple[Example, ...]
    gaps: tuple[Gap, ...]
    diagnostics: tuple[Diagnostic, ...]
    parameters: Mapping[str, Parameters | None]
    packs: tuple[Pack, ...]
    said: frozenset[tuple[str, str]] = frozenset()
    example_files: tuple[tuple[str, Place], ...] = ()
    texts: tuple[SourceText, ...] = ()
