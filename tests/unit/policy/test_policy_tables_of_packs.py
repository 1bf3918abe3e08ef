"""The policies and tables that our packs ship with.

Every request comes to what its table says, every rule is decided by one, and nothing that is spoiled is promoted.
"""

import copy
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from converge_cli.app.policy.decide_policy import authorizer_of, decide_request
from converge_cli.app.policy.try_policy import TriedCase, try_policies
from converge_cli.app.show_pack import find_pack
from converge_cli.bootstrap import make_services
from converge_cli.policy.cedar import CedarAuthorizer
from converge_cli.policy.policy_set import InvalidPolicyError
from converge_cli.settings import Settings

ROOT = Path(__file__).parents[3]
SERVICES = make_services(ROOT, settings=Settings("memory", ROOT, None))
TRIED = try_policies(SERVICES, None)
CASES = [item for tried in TRIED for item in tried.cases]
PROMOTED = {item.case.gate: item for item in reversed(CASES) if item.decided.decision.outcome == "PROMOTE"}
PACKS = {tried.pack: find_pack(SERVICES, tried.pack) for tried in TRIED}
MISTYPED: tuple[Any, ...] = (None, 1.5, 2**63, -(2**63) - 1, [None], [7], {}, b"bytes", object(), float("nan"))


def _named(item: TriedCase) -> str:
    return f"{item.decided.pack} {item.case.gate}: {item.case.name}"


@pytest.mark.parametrize("tried", CASES, ids=_named)
def test_a_request_comes_to_what_its_table_says(tried: TriedCase) -> None:
    """Outcome, approvals, authority, and rules and missing gates where they are named."""
    assert () == tried.differences


def test_every_pack_with_a_gate_has_tables_that_decide_each_of_its_rules() -> None:
    """Nothing that is declared is left untried, and each gate has a request that it lets through."""
    assert [] == [(item.pack, rule.id) for item in TRIED for rule in item.undecided_rules]
    assert [] == [(item.pack, gate) for item in TRIED for gate in item.untried_gates]
    assert {gate for item in TRIED for gate in item.gates} == PROMOTED.keys()
    assert {"procurement", "spend"} <= {item.pack for item in TRIED}


def _spoiled(request: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The request with each part and each attribute dropped, and of another type, in turn."""
    paths: list[tuple[str, ...]] = [(part,) for part in request]
    paths += [(part, name) for part, value in request.items() if isinstance(value, dict) for name in value]
    for path in paths:
        for value in ("drop", *MISTYPED):
            asked = copy.deepcopy(request)
            holder = asked if len(path) == 1 else asked[path[0]]
            if value == "drop":
                del holder[path[-1]]
            else:
                holder[path[-1]] = value
            yield f"{'.'.join(path)} {value!r}", asked


@pytest.mark.parametrize("gate", PROMOTED)
def test_no_spoiled_request_of_any_gate_is_promoted(gate: str) -> None:
    """A request that is let through, with one thing dropped, null, float, too large or of another type."""
    item = PROMOTED[gate]
    pack = PACKS[item.decided.pack]
    authorizer = authorizer_of(SERVICES, pack)
    found = {what: decide_request(pack, authorizer, asked).decision for what, asked in _spoiled(item.case.request)}
    assert len(found) > 100
    assert [] == [what for what, answer in found.items() if (answer.outcome, answer.source) != ("REJECT", "error")]


@pytest.mark.parametrize("name", PACKS)
def test_a_policy_with_a_sign_too_few_stops_the_load(name: str) -> None:
    """Each bracket, quote and semicolon of each file left out in turn: no authorizer is made of it."""
    files = PACKS[name].policy
    assert files is not None
    tried = 0
    for file, text in files.policies.items():
        rules = re.sub(r"^\s*//.*$", "", text, flags=re.MULTILINE)
        for match in re.finditer(r'[;{}()"]', rules):
            broken = rules[: match.start()] + rules[match.end() :]
            with pytest.raises(InvalidPolicyError):
                CedarAuthorizer({name: msgspec.structs.replace(files, policies={**files.policies, file: broken})})
            tried += 1
    assert tried > 50


@pytest.mark.parametrize("name", PACKS)
@pytest.mark.parametrize("schema", ["", "entity Person; entity Resource;", "half", None])
def test_a_policy_without_its_schema_stops_the_load(name: str, schema: str | None) -> None:
    """Gone, without attributes, broken, or without its last declaration."""
    files = PACKS[name].policy
    assert files is not None
    text = files.schema[: files.schema.rindex("action")] if schema is None else schema
    with pytest.raises(InvalidPolicyError):
        CedarAuthorizer({name: msgspec.structs.replace(files, schema=text)})
