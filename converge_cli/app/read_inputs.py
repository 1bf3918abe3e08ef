"""Reads the inputs of a job from files and folders: what becomes Seeds, what is recorded of it, what is missing."""

import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from converge_cli._internal.hashing import digest_bytes
from converge_cli.app.list_folder import InputFileError, list_folder
from converge_cli.core.built_in_kinds import reserved_kinds
from converge_cli.core.errors import ConvergeError, did_you_mean
from converge_cli.core.fact import ProposedFact
from converge_cli.core.job import InputSpec, Job
from converge_cli.core.kind import Kind
from converge_cli.core.pack import Pack
from converge_cli.core.recorded import InputRecord
from converge_cli.truth.inputs import read_input
from converge_cli.truth.source import MAX_INPUT, Source


class UnknownInputError(ConvergeError):
    """An input was given that the truth does not declare."""

    code = "INPUT_UNKNOWN"


@dataclass(frozen=True, slots=True)
class Given:
    """The inputs of one run.

    Attributes:
        feeds: (who, proposals), one per input that was given.
        records: name, source and digest of each.
        missing: required inputs that nobody gave.
    """

    feeds: tuple[tuple[str, tuple[ProposedFact, ...]], ...]
    records: tuple[InputRecord, ...]
    missing: tuple[str, ...]


def read_inputs(
    job: Job, packs: Sequence[Pack], folder: Path, overrides: Mapping[str, Path | Source], *, only: bool = False
) -> Given:
    """Read the declared inputs, or (`only`) those that `overrides` names.

    Raises:
        InputFileError: a file that does not exist or can't be read, or a name that is not declared.
        ConvergeError: what a file holds does not fit its kind; names file, row and column.
    """
    declared = {spec.name: spec for spec in job.inputs}
    for name in overrides:
        if name not in declared:
            hint = did_you_mean(name, declared) or f"declared are {', '.join(declared) or 'none'}"
            raise UnknownInputError(f"{job.truth} declares no input {name!r}", hint=hint, where=f"--input {name}")
    feeds, records, missing = [], [], []
    for spec in job.inputs:
        if only and spec.name not in overrides:
            continue
        source = _source(spec, folder, overrides)
        if source is not None:
            feeds.append((f"input:{spec.name}", read_input(spec, source, _kind(packs, spec))))
            records.append(InputRecord(spec.name, Path(source.name).name, digest_bytes(source.data)))
        elif spec.required:
            missing.append(spec.name)
    return Given(tuple(feeds), tuple(records), tuple(missing))


def _source(spec: InputSpec, folder: Path, overrides: Mapping[str, Path | Source]) -> Source | None:
    chosen = overrides.get(spec.name)
    if isinstance(chosen, Source):
        return chosen
    if chosen is not None:
        return read_file(chosen, f"--input {spec.name}")
    if spec.file is None:
        return None
    path = folder / spec.file
    if not spec.required and not path.exists():
        return None
    return read_file(path, f"input {spec.name}")


def read_file(path: Path, what: str) -> Source:
    """The bytes of an input file, or the listing of a folder.

    Raises:
        InputFileError: naming the file and why.
    """
    try:
        if path.is_dir():
            return list_folder(path, what)
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            # A pipe would wait for ever, a device never ends.
            raise InputFileError(f"{what}: {path} is no regular file", hint="name a regular file", where=str(path))
        with path.open("rb") as stream:
            # It may have grown since; one byte more than allowed is enough to refuse it.
            data = b"" if found.st_size > MAX_INPUT else stream.read(MAX_INPUT + 1)
        if found.st_size > MAX_INPUT or len(data) > MAX_INPUT:
            told = f"{what}: {path} is larger than {MAX_INPUT // 1_000_000} MB"
            raise InputFileError(told, hint="give a part of it, or what it comes to", where=str(path))
        return Source(str(path), data)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputFileError(
            f"{what}: can't read {path}: {reason}", hint="give another file with --input NAME=PATH", where=str(path)
        ) from error


def _kind(packs: Sequence[Pack], spec: InputSpec) -> Kind:
    for pack in packs:
        if spec.kind in pack.kinds:
            return pack.kinds[spec.kind]
    return reserved_kinds()[spec.kind]
