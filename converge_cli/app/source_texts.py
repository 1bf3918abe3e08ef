"""The texts of a truth as they are kept with its runs: named by their place in the project, never by the machine's."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from converge_cli.core.registry import SourceText, TextPart
from converge_cli.truth.catalog import TruthLocation
from converge_cli.truth.source import Source
from converge_cli.truth.surroundings import SharedText


def source_texts(
    location: TruthLocation, folder: Path, truth: Source, features: Sequence[Source], shared: Sequence[SharedText]
) -> tuple[SourceText, ...]:
    """The texts of a truth and of the shared truths that are merged into it.

    Args:
        location: its files.
        folder: what the names of the sources are relative to.
        truth, features: its own texts.
        shared: those of the shared truths that its job holds.
    """
    base = folder / (location.project or location.file.parent)
    return tuple(
        SourceText(part, _name(folder / source.name, base), source.data)
        for part, source in _parts(truth, features, shared)
    )


def _parts(
    truth: Source, features: Sequence[Source], shared: Sequence[SharedText]
) -> Iterator[tuple[TextPart, Source]]:
    yield "truth", truth
    yield from (("feature", feature) for feature in features)
    for text in shared:
        yield "shared truth", text.truth
        yield from (("shared feature", feature) for feature in text.features)


def _name(path: Path, base: Path) -> str:
    return path.relative_to(base).as_posix() if path.is_relative_to(base) else path.name
