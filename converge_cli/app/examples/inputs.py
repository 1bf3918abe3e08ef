"""The inputs of an example: tables, texts and files of a scenario become what replaces the truth's own inputs."""

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePath

from converge_cli.app.load_truth import LoadedTruth
from converge_cli.app.read_inputs import read_file
from converge_cli.core.errors import ConvergeError, did_you_mean
from converge_cli.core.example import Example, InputIs, InputsFrom
from converge_cli.core.job import InputSpec
from converge_cli.truth.named_files import is_absolute
from converge_cli.truth.source import Source

_ENDINGS = {"rows": "csv", "table": "csv", "record": "yaml", "text": "txt"}


class ExampleInputError(ConvergeError):
    """An example gives an input that can't be used: twice, in the wrong form, or from a file that fits nothing."""

    code = "EXAMPLE_INPUT_INVALID"


def example_inputs(truth: LoadedTruth, example: Example) -> Mapping[str, Source]:
    """Input name -> what replaces it. A table or text wins over a file, whichever is given first.

    Raises:
        ExampleInputError: an input given twice, a table for a text, or a path that fits no declared input.
        InputFileError: a file that can't be read.
    """
    where = f"{example.origin.file}:{example.origin.line}"
    specs = {spec.name: spec for spec in truth.job.inputs}
    files: dict[str, Source] = {}
    written: dict[str, Source] = {}
    for given in example.given:
        if isinstance(given, InputIs):
            if given.name in written:
                raise ExampleInputError(
                    f"input {given.name!r} is given twice in {example.title!r}", hint="keep one", where=where
                )
            written[given.name] = _written(given, specs.get(given.name), where)
        elif isinstance(given, InputsFrom):
            files.update(_from_path(given.path, specs, truth, example, where))
    return {**files, **written}


def _written(given: InputIs, spec: InputSpec | None, where: str) -> Source:
    shape = "rows" if spec is None else spec.shape
    if given.text is None:
        if shape == "text":
            raise ExampleInputError(
                f"input {given.name!r} is a text, not a table", hint='write it between """ and """', where=where
            )
        return Source(f"{where}:{given.name}.csv", _csv(given.rows))
    # A doc string holds what the file would hold, so it is read by the ending of the file's name.
    ending = PurePath(spec.file).suffix if spec is not None and spec.file else ""
    return Source(f"{where}:{given.name}{ending or '.' + _ENDINGS[shape]}", given.text.encode())


def _csv(rows: tuple[tuple[str, ...], ...]) -> bytes:
    text = io.StringIO()
    # Everything quoted: no cell can be taken for a separator or an empty line.
    csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()


def _from_path(
    path: str, specs: Mapping[str, InputSpec], truth: LoadedTruth, example: Example, where: str
) -> dict[str, Source]:
    if is_absolute(path):
        raise ExampleInputError(
            f"{path!r} is an absolute path, which holds on one machine only",
            hint="write it relative to the feature or to the truth",
            where=where,
        )
    folders = [feature.parent for feature in truth.features if feature.name == example.origin.file]
    tried = [folder / path for folder in dict.fromkeys([*folders, truth.location.file.parent])]
    found = next((file for file in tried if file.exists()), None)
    if found is None:
        raise ExampleInputError(
            f"there is no {path!r}, neither beside {example.origin.file} nor beside {truth.location.file.name}",
            hint="write a path relative to the feature or to the truth",
            where=where,
        )
    inside = sorted(found.iterdir()) if found.is_dir() else []
    # An input that is itself a folder may be named, too.
    chosen = _chosen(inside, specs, where) or _chosen([found], specs, where)
    if not chosen:
        wanted = [PurePath(spec.file).name if spec.file else f"{name}.csv" for name, spec in specs.items()]
        hint = (did_you_mean(found.name, wanted) if found.is_file() else None) or (
            f"the inputs are {', '.join(wanted)}" if wanted else "this truth has no inputs"
        )
        raise ExampleInputError(
            f"nothing in {path!r} is named like an input of {truth.job.truth}", hint=hint, where=where
        )
    return {name: read_file(file, f"input {name}") for name, file in chosen.items()}


def _chosen(files: Sequence[Path], specs: Mapping[str, InputSpec], where: str) -> dict[str, Path]:
    """Input name -> the file or folder that is named like it."""
    chosen: dict[str, Path] = {}
    for name, spec in specs.items():
        exact = [file for file in files if spec.file is not None and file.name == PurePath(spec.file).name]
        fitting = exact or [file for file in files if file.stem == name and not file.is_dir()]
        if len(fitting) > 1:
            names = " and ".join(file.name for file in fitting)
            raise ExampleInputError(f"{names} both fit input {name!r}", hint="keep one of them", where=where)
        if fitting:
            chosen[name] = fitting[0]
    return chosen
