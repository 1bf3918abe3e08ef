"""Facts that can be made up for a trial: of kinds that a pack's suggestors write, with a plain value in each field."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import msgspec

from converge_cli.core.kind import Inspected, Kind
from converge_cli.core.pack import Pack, Parameters

_NOT_RESULTS = {"Seeds", "Diagnostic"}
_VALUES: dict[type, str] = {
    msgspec.inspect.StrType: "trial",
    msgspec.inspect.IntType: "1",
    msgspec.inspect.DecimalType: "1",
    msgspec.inspect.BoolType: "true",
    msgspec.inspect.DateType: "2030-01-01",
    msgspec.inspect.DateTimeType: "2030-01-01T12:00:00Z",
}


class TrialFact(NamedTuple):
    """A made-up fact.

    Attributes:
        glob: the facts that it would be among.
        fields: name and value of each field that it must have.
    """

    key: str
    glob: str
    fields: tuple[tuple[str, str], ...]

    def id(self, mark: str) -> str:
        """Its id, with a mark in it that no other fact has."""
        return self.glob.replace("*", f"trial.{mark}.1", 1).replace("*", "trial")

    def marked(self, mark: str) -> str:
        """The ids of all trials with that mark."""
        return self.glob.replace("*", f"trial.{mark}.*", 1)

    def table(self) -> str:
        """Its fields as rows of a step's table."""
        rows = [("field", "value"), *self.fields]
        widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
        return "\n".join(f"      | {name:<{widths[0]}} | {value:<{widths[1]}} |" for name, value in rows)


def trial_facts(pack: Pack, parameters: Parameters | None) -> Iterator[TrialFact]:
    """One per selector that a suggestor of the pack writes, in their order; nothing for kinds without plain fields."""
    seen = set()
    for suggestor in pack.spec(parameters).suggestors:
        for write in suggestor.writes:
            key, _, glob = write.partition(":")
            kind = pack.kinds.get(glob.partition(":")[0])
            if kind is None or key in _NOT_RESULTS or "*" not in glob or write in seen:
                continue
            seen.add(write)
            fields = _fields(kind)
            if fields is not None:
                yield TrialFact(key, glob, fields)


def _fields(kind: Kind) -> tuple[tuple[str, str], ...] | None:
    optional = kind.defaults()
    needed = {name: _value(inspected) for name, inspected in kind.fields().items() if name not in optional}
    return tuple((name, value) for name, value in needed.items() if value is not None) if all(needed.values()) else None


def _value(inspected: Inspected) -> str | None:
    """A plain value of a type; None when a table's cell can't hold one."""
    if isinstance(inspected, msgspec.inspect.UnionType):
        return _first([_value(part) for part in inspected.types])
    if isinstance(inspected, msgspec.inspect.LiteralType):
        return _first([value if isinstance(value, str) else None for value in inspected.values])
    return _VALUES.get(type(inspected))


def _first(values: Sequence[str | None]) -> str | None:
    return next((value for value in values if value), None)
