"""CSV, JSON, YAML and listings of folders to records: column or key -> value, with the row of each. Knows no kind."""

import csv
import io
import json
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, NamedTuple, NoReturn

from converge_cli.truth.findings import Findings
from converge_cli.truth.input_error import InputError, InputProblem
from converge_cli.truth.source import MAX_INPUT, Source, UnreadableSourceError, decode
from converge_cli.truth.yaml_source import plain, read_yaml

MAX_ROWS = 1_000_000
MAX_COLUMNS = 10_000
"""What one CSV may hold; each row becomes a fact, or a row of one."""


class Record(NamedTuple):
    """One record: values are text from a CSV, typed from JSON and YAML."""

    row: int
    values: dict[str, Any]


class Records(NamedTuple):
    """All records of an input; `columns` in order, `typed` says whether values are already typed."""

    columns: tuple[str, ...]
    records: tuple[Record, ...]
    typed: bool


def read_text(source: Source) -> str:
    """The text of an input.

    Raises:
        InputError: it is too large, binary or not UTF-8.
    """
    try:
        return decode(source, MAX_INPUT)
    except UnreadableSourceError as error:
        raise InputError(source.name, [InputProblem(error.line, None, error.message)], error.hint) from error


def read_records(source: Source, each: str | None = None) -> Records:
    """The records of an input, by the ending of its name; a name that ends in a slash is that of a folder's listing.

    Args:
        source: the file.
        each: the list inside the records of JSON and YAML whose items are the records instead.

    Raises:
        InputError: it does not parse, or its ending is none of csv, json, yaml, yml.
    """
    ending = source.name.rpartition(".")[2].lower()
    if ending == "csv":
        return read_csv(source.name, read_text(source))
    if ending == "json" or source.name.endswith("/"):
        return _from_objects(source.name, parse_json(source.name, read_text(source)), None, each)
    if ending in {"yaml", "yml"}:
        return _parse_yaml(source, each)
    raise InputError(
        source.name, [InputProblem(None, None, "its name does not end in .csv, .json, .yaml or .yml")], "rename it"
    )


def read_csv(name: str, text: str) -> Records:
    """The rows of a CSV text: commas, or semicolons when the header has some and no comma.

    Raises:
        InputError: no header, empty or repeated columns, broken quotes, or a row of another width.
    """
    first = text.lstrip("\n").split("\n", 1)[0]
    reader = csv.reader(io.StringIO(text), delimiter=";" if ";" in first and "," not in first else ",", strict=True)
    rows: list[tuple[int, list[str]]] = []
    start = 1
    try:
        for cells in reader:
            if cells:
                rows.append((start, [cell.strip() for cell in cells]))
                if len(rows) > MAX_ROWS + 1:
                    message = f"it has more than {MAX_ROWS} rows"
                    raise InputError(name, [InputProblem(start, None, message)], "split it up, or sum it up before")
            start = reader.line_num + 1
    except csv.Error as error:
        raise InputError(name, [InputProblem(start, None, f"the row can't be read: {error}")]) from error
    return records_of_rows(name, rows)


def records_of_rows(name: str, rows: Sequence[tuple[int, Sequence[str]]]) -> Records:
    """Records of numbered rows of text, the first of which is the header.

    Raises:
        InputError: no header, empty or repeated columns, or a row of another width.
    """
    if not rows:
        raise InputError(
            name, [InputProblem(None, None, "it has no header row")], "begin with the names of the columns"
        )
    line, header = rows[0]
    problems = [
        InputProblem(line, str(number), "the column has no name")
        for number, cell in enumerate(header, start=1)
        if not cell
    ]
    if len(header) > MAX_COLUMNS:
        message = f"it has {len(header)} columns; at most {MAX_COLUMNS} are read"
        raise InputError(name, [InputProblem(line, None, message)], "leave out what nobody needs")
    repeated = sorted(cell for cell, times in Counter(header).items() if cell and times > 1)
    problems += [InputProblem(line, cell, "the column is there twice") for cell in repeated]
    if problems:
        raise InputError(name, problems, "name each column once")
    width = len(header)
    for row, cells in rows[1:]:
        if len(cells) != width:
            problems.append(InputProblem(row, None, f"{len(cells)} cells, but the header has {width}"))
    if problems:
        raise InputError(name, problems, "quote cells that hold the separator")
    records = tuple(Record(row, dict(zip(header, cells, strict=True))) for row, cells in rows[1:])
    return Records(tuple(header), records, typed=False)


def parse_json(name: str, text: str) -> Any:
    """A JSON value with exact decimals.

    Raises:
        InputError: it is not JSON, repeats a key, holds NaN or an absurd number, or is nested too deeply.
    """
    try:
        return json.loads(
            text, parse_float=_decimal, parse_constant=_refuse_constant, object_pairs_hook=_object_without_repeats
        )
    except json.JSONDecodeError as error:
        problem = InputProblem(error.lineno, str(error.colno), f"it is not JSON: {error.msg}")
        raise InputError(name, [problem]) from error
    except (ValueError, RecursionError) as error:
        why = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise InputError(name, [InputProblem(None, None, why)]) from error


def _decimal(text: str) -> Decimal:
    if len(text) > 60 or abs(int(text.lower().partition("e")[2][:20] or 0)) > 99:
        msg = f"the number {text[:20]}... is too large"
        raise ValueError(msg)
    return Decimal(text)


def _refuse_constant(text: str) -> NoReturn:
    msg = f"{text} is no number"
    raise ValueError(msg)


def _object_without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            msg = f"key {key!r} is given twice in one object"
            raise ValueError(msg)
        found[key] = value
    return found


def _parse_yaml(source: Source, each: str | None) -> Records:
    findings = Findings()
    root = read_yaml(source, findings, MAX_INPUT)
    if findings.failed or root is None:
        problems = [InputProblem(item.line, str(item.column), item.message) for item in findings.sorted()]
        raise InputError(source.name, problems)
    lines = [item.line for item in root.value] if isinstance(root.value, list) else [root.line]
    return _from_objects(source.name, plain(root), lines, each)


def _from_objects(name: str, value: Any, lines: list[int] | None, each: str | None) -> Records:
    items = value if isinstance(value, list) else [value]
    rows = lines if lines is not None else list(range(1, len(items) + 1))
    problems = [
        InputProblem(row, None, "it is not a mapping of names to values")
        for row, item in zip(rows, items, strict=True)
        if not isinstance(item, dict)
    ]
    if problems:
        raise InputError(name, problems, "give one mapping, or a list of mappings")
    found = [Record(row, item) for row, item in zip(rows, items, strict=True)]
    if each is not None:
        found = [inner for record in found for inner in _unfolded(name, record, each)]
    columns = tuple(dict.fromkeys(key for record in found for key in record.values))
    return Records(columns, tuple(found), typed=True)


def _unfolded(name: str, record: Record, each: str) -> list[Record]:
    """A record for each item of its list, with its other values; a record without the list is one already."""
    if each not in record.values:
        return [record]
    items = record.values[each]
    if not isinstance(items, list) or not items or not all(isinstance(item, dict) for item in items):
        problem = InputProblem(record.row, each, "it is not a list of mappings, with at least one")
        raise InputError(name, [problem], "give one mapping for each row")
    outer = {key: value for key, value in record.values.items() if key != each}
    twice = sorted({key for item in items for key in item if key in outer})
    if twice:
        message = "it is given for the whole and again inside the list"
        raise InputError(name, [InputProblem(record.row, key, message) for key in twice], "give it once")
    return [Record(record.row, {**outer, **item}) for item in items]
