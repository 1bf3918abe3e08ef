"""Puts the tables of packs to their policies: each request, what came of it, and which rules no request decides.

Must never count a request as passed that was not judged as the table says, the reason of a refusal included.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from converge_cli.app.policy.decide_policy import Decided, authorizer_of, decide_request
from converge_cli.app.policy.tables import PolicyCase, read_table, table_files
from converge_cli.app.services import Services
from converge_cli.app.show_pack import find_pack
from converge_cli.app.shown_path import shown
from converge_cli.core.errors import ConvergeError
from converge_cli.core.pack import Pack
from converge_cli.core.policy_rule import PolicyRule
from converge_cli.truth.catalog import project_of


class NoTablesError(ConvergeError):
    """There is no table to try: an error, since trying nothing must not pass."""

    code = "POLICY_TABLES_MISSING"


@dataclass(frozen=True, slots=True)
class TriedCase:
    """One request of a table; `differences` says what came otherwise than expected, nothing when it passed."""

    case: PolicyCase
    decided: Decided
    differences: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether policy said what the table says."""
        return not self.differences


@dataclass(frozen=True, slots=True)
class TriedPolicy:
    """The tables of one pack.

    Attributes:
        rules: every rule of its policy.
        tables: the files, as people see them.
    """

    pack: str
    tables: tuple[str, ...]
    cases: tuple[TriedCase, ...]
    rules: tuple[PolicyRule, ...]
    gates: tuple[str, ...]

    @property
    def failed(self) -> tuple[TriedCase, ...]:
        """The requests that did not come to what the table says."""
        return tuple(item for item in self.cases if not item.passed)

    @property
    def undecided_rules(self) -> tuple[PolicyRule, ...]:
        """Rules that no request of a table decides, or would once it is approved."""
        decided = {rule for item in self.cases for rule in item.decided.decision.rules}
        return tuple(rule for rule in self.rules if rule.id not in decided)

    @property
    def untried_gates(self) -> tuple[str, ...]:
        """Gates that no table asks."""
        asked = {item.case.gate for item in self.cases}
        return tuple(gate for gate in self.gates if gate not in asked)

    def data(self) -> dict[str, Any]:
        """As `--json` prints it."""
        return {
            "pack": self.pack,
            "tables": list(self.tables),
            "passed": len(self.cases) - len(self.failed),
            "failed": len(self.failed),
            "cases": [_case_data(item) for item in self.cases],
            "rules": len(self.rules),
            "undecided_rules": [{"rule": rule.id, "where": rule.where} for rule in self.undecided_rules],
            "untried_gates": list(self.untried_gates),
        }


def _case_data(item: TriedCase) -> dict[str, Any]:
    return {
        "case": item.case.name,
        "file": item.case.file,
        "line": item.case.line,
        "gate": item.case.gate,
        "passed": item.passed,
        "differences": list(item.differences),
        "expected": msgspec.to_builtins(item.case.expected),
        "decided": item.decided.data(),
    }


def try_policies(services: Services, pack: str | None) -> tuple[TriedPolicy, ...]:
    """The tables of one pack, or of every pack here that has gates.

    Raises:
        NoTablesError: there is no table.
        PackNotFoundError: there is no such pack.
        ConvergeError: a pack, its policy or a table is broken.
    """
    if pack is not None:
        packs = [find_pack(services, pack)]
    else:
        packs = [find_pack(services, name) for name in services.packs(project_of(services.folder)).names()]
    tried = tuple(_tried(services, item) for item in packs if pack is not None or item.gates)
    if not any(item.cases for item in tried):
        names = ", ".join(item.pack for item in tried) or "the packs here"
        raise NoTablesError(
            f"{names}: no table with a case",
            hint="write packs/<pack>/policy/tests/<name>.yaml or .csv",
            where=pack,
        )
    return tried


def _tried(services: Services, pack: Pack) -> TriedPolicy:
    files = table_files(pack)
    authorizer = authorizer_of(services, pack)
    cases = [case for path in files for case in read_table(pack, path, services.folder)]
    decided = [(case, decide_request(pack, authorizer, case.request)) for case in cases]
    return TriedPolicy(
        pack.name,
        tuple(shown(Path(path), services.folder) for path in files),
        tuple(TriedCase(case, answer, tuple(_differences(case, answer))) for case, answer in decided),
        () if pack.policy is None else tuple(services.policy_rules(pack.name, pack.policy)),
        tuple(gate.name for gate in pack.gates),
    )


def _differences(case: PolicyCase, decided: Decided) -> Iterator[str]:
    expected, found = case.expected, decided.decision
    for name in ("outcome", "source", "authority"):
        wanted, came = getattr(expected, name), getattr(found, name)
        if wanted != came:
            yield f"{name} is {came or 'none'}, not {wanted or 'none'}"
    for name in ("approvals", "rules", "missing"):
        names, came = getattr(expected, name), getattr(found, name)
        if names is not None and set(names) != set(came):
            yield f"{name}: {', '.join(came) or 'none'}, not {', '.join(names) or 'none'}"
