"""Inputs to Seeds: typed by their kind's model, named by their id pattern. Nothing is guessed, nothing is dropped."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import msgspec
from msgspec import inspect

from converge_cli._internal.hashing import digest_bytes
from converge_cli.core.built_in_kinds import Text
from converge_cli.core.context_key import KEYS, ContextKey
from converge_cli.core.errors import did_you_mean
from converge_cli.core.fact import FactModel, ProposedFact
from converge_cli.core.ids import FACT_ID, MAX_ID_LENGTH, kind_of, slug
from converge_cli.core.job import InputSpec
from converge_cli.core.kind import Kind
from converge_cli.core.misfit import misfit
from converge_cli.core.privacy import private_fields
from converge_cli.truth.cells import CellError, is_optional, read_cell
from converge_cli.truth.input_error import InputError, InputProblem
from converge_cli.truth.input_formats import (
    Record,
    Records,
    parse_json,
    read_records,
    read_text,
    records_of_rows,
)
from converge_cli.truth.input_specs import COLUMN, is_columns
from converge_cli.truth.source import Source

__all__ = ["InputError", "InputProblem", "read_input", "read_rows", "read_seed"]


def read_input(spec: InputSpec, source: Source, kind: Kind) -> tuple[ProposedFact, ...]:
    """The Seeds of a file.

    Raises:
        InputError: naming file, row and column of every problem.
    """
    if spec.shape == "text":
        if source.name.endswith("/"):
            told = "it is a folder, but the input is a text"
            raise InputError(source.name, [InputProblem(None, None, told)], "name one of its files")
        text = read_text(source)
        if not text.strip():
            raise InputError(source.name, [InputProblem(None, None, "it is empty")], "give a file with text in it")
        return (ProposedFact(ContextKey.SEEDS.value, spec.id, Text(text=text)),)
    return _Reader(spec, source.name, kind).seeds(read_records(source, spec.each), digest_bytes(source.data))


def read_rows(spec: InputSpec, name: str, rows: Sequence[Sequence[str]], kind: Kind) -> tuple[ProposedFact, ...]:
    """The Seeds of a table that stands in a feature; its first row holds the columns, `name` is for messages.

    Raises:
        InputError: naming row and column of every problem.
    """
    numbered = [(number, [cell.strip() for cell in row]) for number, row in enumerate(rows, start=1)]
    digest = digest_bytes(msgspec.json.encode(rows))
    return _Reader(spec, name, kind).seeds(records_of_rows(name, numbered), digest)


def read_seed(text: str) -> ProposedFact:
    """The fact of `--seed "Key:id=content"`: content is text for kind text, JSON for every other kind.

    Raises:
        InputError: it is malformed.
    """
    name, equals, content = text.partition("=")
    key, colon, fact_id = name.strip().partition(":")
    shown = f"--seed {name.strip()[:80]}"
    problem = None
    if not equals or not colon:
        problem = "it is not Key:id=content"
    elif key not in KEYS:
        problem = (
            f"{key!r} is not a context key; {did_you_mean(key, KEYS) or 'the keys are ' + ', '.join(sorted(KEYS))}"
        )
    elif not FACT_ID.fullmatch(fact_id) or len(fact_id) > MAX_ID_LENGTH:
        problem = f"{fact_id!r} is not an id of the form kind:name"
    elif not content.strip():
        problem = "its content is empty"
    if problem is not None:
        raise InputError(shown, [InputProblem(None, None, problem)], 'write for example "Seeds:text:brief=Some words"')
    if kind_of(fact_id) == "text":
        return ProposedFact(key, fact_id, Text(text=content))
    payload = parse_json(shown, content)
    if not isinstance(payload, dict):
        raise InputError(shown, [InputProblem(None, None, "its content is not a JSON object")])
    return ProposedFact(key, fact_id, payload)


class _Reader:
    """Types the records of one input."""

    def __init__(self, spec: InputSpec, file: str, kind: Kind) -> None:
        self._spec = spec
        self._file = file
        self._kind = kind
        self._problems: list[InputProblem] = []

    def seeds(self, records: Records, digest: str) -> tuple[ProposedFact, ...]:
        """All Seeds, or every problem at once."""
        found = [self._table(records, digest)] if self._spec.shape == "table" else self._rows(records)
        if self._problems:
            raise InputError(self._file, self._problems)
        return tuple(seed for seed in found if seed is not None)

    def _rows(self, records: Records) -> list[ProposedFact | None]:
        if self._spec.shape == "record" and len(records.records) != 1:
            message = f"it holds {len(records.records)} records, but the input is one record"
            raise InputError(self._file, [InputProblem(None, None, message)])
        row = _RowReader(self._kind.model, records, self._problems)
        if not row.check_columns(COLUMN.findall(self._spec.id)):
            return []
        seen: dict[str, int] = {}
        return [self._row(record, row, seen) for record in records.records]

    def _row(self, record: Record, row: "_RowReader", seen: dict[str, int]) -> ProposedFact | None:
        values = row.read(record)
        fact_id = None if values is None else self._id(record)
        if values is None or fact_id is None:
            return None
        if fact_id in seen:
            self._add(record.row, None, f"id {fact_id} is the same as that of row {seen[fact_id]}")
            return None
        seen[fact_id] = record.row
        payload = self._typed(values, record.row)
        return None if payload is None else ProposedFact(ContextKey.SEEDS.value, fact_id, payload)

    def _id(self, record: Record) -> str | None:
        made = self._spec.id
        for column in COLUMN.findall(self._spec.id):
            value = record.values.get(column)
            part = slug(_as_text(value)) if value is not None else ""
            if not part:
                self._add(record.row, column, "nothing is left of it to make an id of")
                return None
            made = made.replace(f"{{{column}}}", part)
        if len(made) > MAX_ID_LENGTH:
            self._add(record.row, None, f"its id has {len(made)} characters; at most {MAX_ID_LENGTH} are allowed")
            return None
        return made

    def _typed(self, values: dict[str, Any], row: int | None) -> FactModel | None:
        try:
            return self._kind.parse(values)[0]
        except (msgspec.ValidationError, TypeError, ValueError, OverflowError, RecursionError) as error:
            found = misfit(error)
            self._add(row, ".".join(found.path).replace(".[", "[") or None, found.message)
            return None

    def _table(self, records: Records, digest: str) -> ProposedFact | None:
        fields = self._kind.fields()
        rows_type = fields.get("rows")
        if not isinstance(rows_type, inspect.VarTupleType) or not {"digest", "columns"} <= set(fields):
            message = f"kind {self._kind.name} has no digest, columns and rows to hold a table"
            raise InputError(self._file, [InputProblem(None, None, message)], "use as: rows, or another kind")
        item = rows_type.item_type
        rows = self._structs(item, records) if isinstance(item, inspect.StructType) else self._tuples(item, records)
        if self._problems:
            return None
        values = {"digest": digest, "columns": list(records.columns), "rows": rows}
        payload = self._typed(values, None)
        return None if payload is None else ProposedFact(ContextKey.SEEDS.value, self._spec.id, payload)

    def _structs(self, item: inspect.StructType, records: Records) -> list[Any]:
        row = _RowReader(item.cls, records, self._problems)
        return [row.read(record) for record in records.records] if row.check_columns([]) else []

    def _tuples(self, item: inspect.Type, records: Records) -> list[Any]:
        cell = item.item_type if isinstance(item, inspect.VarTupleType) else inspect.StrType()
        rows = []
        for record in records.records:
            cells = []
            for column in records.columns:
                try:
                    cells.append(read_cell(_as_text(record.values.get(column, "")), cell))
                except CellError as error:
                    self._add(record.row, column, f"{record.values.get(column)!r} {error}")
            rows.append(cells)
        return rows

    def _add(self, row: int | None, column: str | None, message: str) -> None:
        self._problems.append(InputProblem(row, column, message))


class _RowReader:
    """Types the cells of the rows of one model."""

    def __init__(self, model: type, records: Records, problems: list[InputProblem]) -> None:
        info = inspect.type_info(model)
        assert isinstance(info, inspect.StructType)  # noqa: S101  a FactModel is a Struct
        self._fields = {field.encode_name: field for field in info.fields}
        private = private_fields(model)
        self._private = {field.encode_name for field in info.fields if field.name in private}
        self._rest = next((name for name, field in self._fields.items() if is_columns(field.type)), None)
        self._records = records
        self._problems = problems

    def check_columns(self, in_id: list[str]) -> bool:
        """Whether the columns are those of the model; each that is missing or unknown is one problem."""
        columns = self._records.columns
        if not self._records.records and self._records.typed:
            return True
        before = len(self._problems)
        row = None if self._records.typed else 1
        for name, field in self._fields.items():
            if field.required and name != self._rest and name not in columns:
                self._problems.append(InputProblem(row, name, f"the column is missing{self._misspelt(name)}"))
        for name in in_id:
            if name not in columns and name not in self._fields:
                self._problems.append(InputProblem(row, name, "the column that the id is made of is missing"))
        if self._rest is None:
            for name in columns:
                if name not in self._fields:
                    guess = did_you_mean(name, self._fields) or f"the columns are {', '.join(self._fields)}"
                    self._problems.append(InputProblem(row, name, f"the column is not known; {guess}"))
        return len(self._problems) == before

    def _misspelt(self, name: str) -> str:
        """The column that may have been meant by a missing one, where others than the model's are welcome too."""
        for column in self._records.columns:
            guess = did_you_mean(column, [name]) if column not in self._fields else None
            if guess:
                return f"; there is a column {column}: {guess}"
        return ""

    def read(self, record: Record) -> dict[str, Any] | None:
        """The fields of one record, or None after naming each cell that does not fit."""
        found: dict[str, Any] = {}
        rest: dict[str, str] = {}
        usable = True
        for name, value in record.values.items():
            field = self._fields.get(name)
            if field is None or name == self._rest:
                usable = self._keep(name, value, record, rest) and usable
                continue
            try:
                self._read_field(name, value, field, found)
            except CellError as error:
                shown = "the cell" if value in {None, ""} or name in self._private else repr(value)
                self._problems.append(InputProblem(record.row, name, f"{shown} {error}"))
                usable = False
        for name, field in self._fields.items():
            if field.required and name != self._rest and name not in record.values:
                self._problems.append(InputProblem(record.row, name, "it is missing"))
                usable = False
        if self._rest is not None:
            found[self._rest] = rest
        return found if usable else None

    def _keep(self, name: str, value: Any, record: Record, rest: dict[str, str]) -> bool:
        if name == self._rest and isinstance(value, dict):
            rest.update({key: _as_text(item) for key, item in value.items()})
        elif isinstance(value, dict | list):
            self._problems.append(InputProblem(record.row, name, "it is not a single value"))
            return False
        elif value is not None:
            rest[name] = _as_text(value)
        return True

    def _read_field(self, name: str, value: Any, field: Any, found: dict[str, Any]) -> None:
        if not self._records.typed:
            if value:
                found[name] = read_cell(value, field.type)
            elif is_optional(field.type):
                found[name] = None
            elif field.required:
                raise CellError("is empty")
        elif isinstance(value, Decimal) and isinstance(field.type, inspect.StrType):
            raise CellError("is a number, but the field is text: put it in quotes")
        else:
            found[name] = value


def _as_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return format(value, "f") if isinstance(value, Decimal) else str(value)
