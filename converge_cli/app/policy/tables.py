"""Reads the tables in packs/<name>/policy/tests: requests, and what policy must say to each.

A table says what its requests differ in; the rest comes from its base and from the gate that it is about. Must never
guess: a column or key that nothing reads is an error.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

import msgspec

from converge_cli.app.flow_request import gate_named
from converge_cli.app.shown_path import shown
from converge_cli.core.errors import did_you_mean
from converge_cli.core.flow_gate import COMMITMENT_TYPE, GATES_MET, Outcome, Principal, Resource
from converge_cli.core.pack import Pack
from converge_cli.core.pack_spec import FORMS, GateSpec
from converge_cli.core.person import AUTHORITIES, Authority
from converge_cli.truth.diagnostics import InvalidTruthError
from converge_cli.truth.files import read_source
from converge_cli.truth.findings import Findings
from converge_cli.truth.input_error import InputError, InputProblem
from converge_cli.truth.input_formats import Record, read_records
from converge_cli.truth.model_reader import read_model
from converge_cli.truth.source import Source
from converge_cli.truth.yaml_source import Node, read_yaml
from converge_cli.truth.yaml_types import Section, Text

FOLDER = Path("policy") / "tests"
ENDINGS = (".csv", ".yaml", ".yml")

Answer = Literal["policy", "error"]
_OUTCOMES = ("PROMOTE", "REJECT", "ESCALATE")
_LISTS = ("approvals", "rules", "missing")
_EXPECTED = ("outcome", *_LISTS, "authority", "source")


class InvalidTableError(InvalidTruthError):
    """A table in YAML that does not read; every finding is in `diagnostics`."""

    code = "POLICY_TABLE_INVALID"


class Expected(Section, frozen=True):
    """What policy must say to a request.

    Attributes:
        outcome: PROMOTE, REJECT or ESCALATE.
        approvals: the points that an ESCALATE names; none by default.
        authority: the authority that it names; none by default.
        rules: names of the rules that decide; not looked at when left out.
        missing: gates that are missing; not looked at when left out.
        source: policy, or error for what can't be judged.
    """

    outcome: Outcome
    approvals: tuple[Text, ...] = ()
    authority: Authority | None = None
    rules: tuple[Text, ...] | None = None
    missing: tuple[Text, ...] | None = None
    source: Answer = "policy"


class CaseSection(Section, frozen=True):
    """One request: what it has otherwise than the base, and what must come of it."""

    case: Text
    expect: Expected
    given: dict[str, Any] = msgspec.field(default_factory=dict)


class TableFile(Section, frozen=True):
    """A table in YAML.

    Attributes:
        gate: `<resource kind>.<action>`; may be left out where the pack has one gate.
        base: what every request has unless it says otherwise.
        cases: the requests, in order.
    """

    cases: tuple[CaseSection, ...]
    gate: Text | None = None
    base: dict[str, Any] = msgspec.field(default_factory=dict)


class PolicyCase(msgspec.Struct, frozen=True):
    """A request, with its name and its place.

    Attributes:
        request: as plain values, for `decide_request`.
    """

    name: str
    file: str
    line: int
    gate: str
    request: dict[str, Any]
    expected: Expected


def table_files(pack: Pack) -> list[Path]:
    """The tables of a pack that is a folder, in order of their names."""
    folder = Path(pack.folder) / FOLDER
    return sorted(path for path in folder.glob("*") if path.suffix in ENDINGS) if pack.folder else []


def read_table(pack: Pack, path: Path, folder: Path) -> list[PolicyCase]:
    """The cases of one table.

    Args:
        folder: where the user stands.

    Raises:
        InvalidTableError: a table in YAML is malformed.
        InputError: a table in CSV is malformed, or either names a gate that the pack does not have.
        ConvergeError: the file can't be read.
    """
    source = read_source(path, shown(path, folder))
    return _from_csv(pack, source) if path.suffix == ".csv" else _from_yaml(pack, source)


def _from_yaml(pack: Pack, source: Source) -> list[PolicyCase]:
    findings = Findings()
    root = read_yaml(source, findings)
    table = read_model(root, TableFile, findings) if root is not None else None
    if table is None or root is None or findings.failed:
        raise InvalidTableError(findings.sorted())
    gate = _gate(pack, table.gate, source.name, root.nearest("gate").line)
    return [
        PolicyCase(
            case.case,
            source.name,
            _line(root, number),
            gate.name,
            _merged(_merged(_given_by(gate), table.base), case.given),
            case.expect,
        )
        for number, case in enumerate(table.cases)
    ]


def _line(root: Node, number: int) -> int:
    return root.nearest("cases", number).line


def _gate(pack: Pack, name: str | None, file: str, row: int) -> GateSpec:
    gates = {gate.name: gate for gate in pack.gates}
    if name is None and len(gates) == 1:
        return next(iter(gates.values()))
    gate = gate_named(pack, name or "")
    if gate is None:
        told = f"pack {pack.name} has no gate {name!r}" if name else f"pack {pack.name} has several gates"
        hint = did_you_mean(name or "", gates) or f"its gates are {', '.join(gates)}"
        raise InputError(file, [InputProblem(row, "gate" if name else None, told)], hint)
    return gate


def _given_by(gate: GateSpec) -> dict[str, Any]:
    """What the gate itself says of every request."""
    return {
        "principal": {"policy_version": "1"},
        "resource": {"kind": gate.resource_kind, "phase": gate.resource_phase},
        "action": gate.action,
        "context": {COMMITMENT_TYPE: gate.resource_kind, GATES_MET: False},
    }


def _merged(base: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """One request over another: parts are joined, attributes replaced."""
    made = dict(base)
    for name, value in more.items():
        both = isinstance(value, Mapping) and isinstance(base.get(name), Mapping)
        made[name] = {**base[name], **value} if both else value
    return made


def _from_csv(pack: Pack, source: Source) -> list[PolicyCase]:
    read = read_records(source)
    known = {"case", "gate", *_EXPECTED, *_paths(pack)}
    problems = [
        InputProblem(1, column, did_you_mean(column, known) or f"columns are {', '.join(sorted(known))}")
        for column in read.columns
        if column not in known
    ]
    problems += [
        InputProblem(1, name, "the column is not there") for name in ("case", "outcome") if name not in read.columns
    ]
    if problems:
        raise InputError(source.name, problems, "name each column as an attribute of the request: context.amount")
    return [_row(pack, source.name, record) for record in read.records]


def _paths(pack: Pack) -> Iterator[str]:
    yield from (f"principal.{name}" for name in Principal.__struct_fields__)
    yield from (f"resource.{name}" for name in Resource.__struct_fields__)
    yield "action"
    yield from (f"context.{name}" for gate in pack.gates for name in gate.context_types)


def _row(pack: Pack, file: str, record: Record) -> PolicyCase:
    cells = record.values
    gate = _gate(pack, cells.get("gate") or None, file, record.row)
    request = _given_by(gate)
    for column, cell in cells.items():
        part, dot, name = column.partition(".")
        if column == "action" and cell:
            request["action"] = cell
        elif dot and (cell or name in {"domains", "gates_passed"}):
            request[part] = {**request[part], name: _typed(gate, part, name, cell)}
    return PolicyCase(cells["case"], file, record.row, gate.name, request, _expected(file, record))


def _typed(gate: GateSpec, part: str, name: str, cell: str) -> Any:
    """A cell as its attribute is typed; one that is of another type stays text, and is refused as such."""
    if name in {"domains", "gates_passed"}:
        return cell.split()
    form = FORMS[gate.context_types[name]] if part == "context" and name in gate.context_types else str
    if form is bool and cell in {"true", "false"}:
        return cell == "true"
    if form is int and cell.removeprefix("-").isdecimal():
        return int(cell)
    return cell


def _expected(file: str, record: Record) -> Expected:
    cells = {name: record.values[name] for name in _EXPECTED if record.values.get(name)}
    choices: Mapping[str, tuple[str, ...]] = {
        "outcome": _OUTCOMES,
        "authority": AUTHORITIES,
        "source": ("policy", "error"),
    }
    problems = [
        InputProblem(record.row, name, f"{cells.get(name, '')!r} is not one of {', '.join(words)}")
        for name, words in choices.items()
        if (name in cells or name == "outcome") and cells.get(name) not in words
    ]
    if problems:
        raise InputError(file, problems)
    plain = {name: cell.split() if name in _LISTS else cell for name, cell in cells.items()}
    return msgspec.convert(plain, Expected)
