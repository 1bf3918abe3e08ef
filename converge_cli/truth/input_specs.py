"""Declared inputs of a contract, checked against the kinds that they become. Must never open a file."""

import re
from typing import Any, Literal

from msgspec import inspect

from converge_cli.core.fact import Columns
from converge_cli.core.ids import FACT_ID
from converge_cli.core.job import InputSpec
from converge_cli.truth.contract import Contract
from converge_cli.truth.contract_sections import InputSection
from converge_cli.truth.findings import Findings, Place
from converge_cli.truth.named_files import is_absolute
from converge_cli.truth.vocabulary import Vocabulary
from converge_cli.truth.yaml_source import Node

Shape = Literal["rows", "table", "text", "record"]
COLUMN = re.compile(r"\{([^{}]*)\}")


class InputSpecs:
    """Compiles the `inputs:` of one contract."""

    def __init__(self, root: Node, vocabulary: Vocabulary, findings: Findings) -> None:
        self._root = root
        self._vocabulary = vocabulary
        self._findings = findings

    def compile(self, contract: Contract) -> list[InputSpec]:
        """The specifications, in the order of the contract."""
        return [self._spec(name, section) for name, section in contract.inputs.items()]

    def _spec(self, name: str, section: InputSection) -> InputSpec:
        shape: Shape = section.shape or ("text" if section.kind == "text" else "rows")
        self._check_file(name, section)
        known = self._check_kind(name, section)
        self._check_id(name, section, shape, known=known)
        if section.each is not None and shape not in {"rows", "table"}:
            message = f"an input that is one {shape} takes no rows from a list"
            self._add("invalid-value", (name, "each"), message, "write as: rows, or leave each out")
        return InputSpec(name, section.kind, section.id, shape, section.file, section.required, section.each)

    def _check_file(self, name: str, section: InputSection) -> None:
        file = section.file
        if file is not None and is_absolute(file):
            message = f"{file!r} is an absolute path, which holds on one machine only"
            self._add("invalid-value", (name, "file"), message, "write it relative to the truth, or give --input")

    def _check_kind(self, name: str, section: InputSection) -> bool:
        known = section.kind in self._vocabulary.kinds
        if not known and self._vocabulary.complete:
            own = sorted(self._vocabulary.kinds)
            message = f"no active pack declares kind {section.kind!r}"
            self._add("unknown-kind", (name, "kind"), message, f"the kinds are {', '.join(own)}")
        if section.shape == "text" and section.kind != "text":
            self._add("invalid-value", (name, "kind"), "an input that is text has kind text", "write kind: text")
        return known

    def _check_id(self, name: str, section: InputSection, shape: Shape, *, known: bool) -> None:
        columns = COLUMN.findall(section.id)
        example = COLUMN.sub("x", section.id)
        if not FACT_ID.fullmatch(example) or example.partition(":")[0] != section.kind:
            fix = f"write {section.kind}:{{id}}" if shape == "rows" else f"write {section.kind}:{name}"
            message = f"{section.id!r} is not an id of kind {section.kind}"
            self._add("malformed-pattern", (name, "id"), message, fix)
        elif shape == "rows" and not columns:
            message = f"{section.id!r} names no column, so all rows would have one id"
            self._add("malformed-pattern", (name, "id"), message, f"write {section.kind}:{{id}}")
        elif shape in {"table", "text"} and columns:
            message = f"an input that is one {shape} has no columns to name it by"
            self._add("malformed-pattern", (name, "id"), message, f"write {section.kind}:{name}")
        elif known and shape in {"rows", "record"}:
            self._check_columns(name, section, columns)

    def _check_columns(self, name: str, section: InputSection, columns: list[str]) -> None:
        fields = self._vocabulary.fields(section.kind)
        if any(is_columns(field) for field in fields.values()):
            return
        for column in columns:
            if column not in fields:
                message = f"kind {section.kind} has no field {column!r}"
                self._add("unknown-field", (name, "id"), message, f"its fields are {', '.join(fields)}")

    def _add(self, finding: str, path: tuple[Any, ...], message: str, fix: str) -> None:
        place: Place = self._root.nearest("inputs", *path).place
        self._findings.add(finding, place, message, fix)


def is_columns(kind: inspect.Type) -> bool:
    """Whether a field takes the cells of the columns that its model does not name."""
    return isinstance(kind, inspect.CustomType) and kind.cls is Columns
