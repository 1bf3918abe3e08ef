"""Tables of requests: read without guessing, tried as a run would ask, each failure and each untried rule told."""

from pathlib import Path

import pytest

from converge_cli.app.policy.tables import InvalidTableError
from converge_cli.app.policy.try_policy import NoTablesError, TriedPolicy, try_policies
from converge_cli.app.services import Services
from converge_cli.bootstrap import make_services
from converge_cli.settings import Settings
from converge_cli.truth.input_error import InputError

PACK = """pack: v1
name: loans
version: 0.1.0
description: Lends
suggestors: [Lend]
kinds: {loan: Loan}
gates:
  - on: "Strategies:loan:*"
    action: commit
    resource: {kind: loan, phase: commitment, id: id}
    context: {amount: money amount, secured: boolean secured, grade: text grade}
    requires: [checked]
    approvals:
      manager: {gates: [checked], context: {human_approval_present: true}}
policy: [policy/loan.cedar]
schema: policy/schema.cedarschema
"""
FACTS = """from converge_cli import FactModel


class Loan(FactModel, frozen=True):
    \"\"\"A loan.\"\"\"

    id: str
    amount: int
    secured: bool
    grade: str
"""
SUGGESTORS = """from converge_cli import Effect, Suggestor


class Lend(Suggestor):
    \"\"\"Says nothing.\"\"\"

    name = "lend"
    reads = ("Seeds:loan:*",)
    writes = ("Strategies:loan:*", "Evaluations:passed:checked:*")

    def __init__(self, parameters):
        del parameters

    def execute(self, view):
        return Effect()
"""
SCHEMA = """entity Person { authority: String, domains: Set<String>, policy_version: String };
entity Resource { kind: String, phase: String, gates_passed: Set<String> };
action commit appliesTo { principal: [Person], resource: [Resource], context: { commitment_type: String, amount: Long,
  secured: Bool, grade: String, human_approval_present: Bool, required_gates_met: Bool } };
"""
RULES = """@id("secured")
permit (principal, action, resource)
when { context.secured && context.required_gates_met && context.amount <= 100000 && context.grade == "A" };
@id("never-negative")
forbid (principal, action, resource) when { context.amount < 0 };
"""
CSV = """case,principal.id,principal.authority,principal.domains,resource.id,resource.gates_passed,context.amount,\
context.secured,context.grade,context.human_approval_present,outcome,approvals,rules,source
secured,ann,advisory,credit risk,l1,checked,100000,true,A,false,PROMOTE,,secured,
unchecked,ann,advisory,credit,l1,,100000,true,A,false,ESCALATE,manager,secured,
no amount,ann,advisory,credit,l1,checked,,true,A,false,REJECT,,,error
half,ann,advisory,credit,l1,checked,1000.5,true,A,false,REJECT,,,error
"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A project with one pack that has a gate."""
    pack = tmp_path / "packs" / "loans"
    (pack / "policy" / "tests").mkdir(parents=True)
    (tmp_path / "truths").mkdir()
    (pack / "pack.yaml").write_text(PACK)
    (pack / "facts.py").write_text(FACTS)
    (pack / "suggestors.py").write_text(SUGGESTORS)
    (pack / "policy" / "schema.cedarschema").write_text(SCHEMA)
    (pack / "policy" / "loan.cedar").write_text(RULES)
    return tmp_path


def _services(site: Path) -> Services:
    return make_services(site, settings=Settings("memory", site, None))


def _table(site: Path, text: str, name: str = "loan.yaml") -> None:
    (site / "packs" / "loans" / "policy" / "tests" / name).write_text(text)


def _tried(site: Path) -> TriedPolicy:
    (tried,) = try_policies(_services(site), "loans")
    return tried


YAML = """base:
  principal: {id: ann, authority: advisory, domains: [credit]}
  resource: {id: l1, gates_passed: [checked]}
  context: {amount: 100000, secured: true, grade: A, human_approval_present: false}
cases:
  - case: secured
    expect: {outcome: PROMOTE}
  - case: nobody knows the grade
    given: {context: {grade: null}}
    expect: {outcome: REJECT, source: error}
"""


def test_a_table_in_csv_is_typed_by_its_gate(site: Path) -> None:
    """Numbers, booleans and lists as the request has them; an empty cell is no attribute; half a cent stays text."""
    _table(site, CSV, "loan.csv")
    tried = _tried(site)
    assert [] == [(item.case.name, item.differences) for item in tried.failed]
    assert [2, 3, 4, 5] == [item.case.line for item in tried.cases]
    assert ["never-negative"] == [rule.id for rule in tried.undecided_rules]
    assert "context.amount is missing" == tried.cases[2].decided.decision.detail
    assert "not '1000.5'" in tried.cases[3].decided.decision.detail


def test_a_table_in_yaml_says_what_its_requests_differ_in(site: Path) -> None:
    """Kind, phase, action and commitment type come from the gate, the rest from the base."""
    _table(site, YAML)
    tried = _tried(site)
    assert [] == [(item.case.name, item.differences) for item in tried.failed]
    assert ["loan.commit", "loan.commit"] == [item.case.gate for item in tried.cases]


@pytest.mark.parametrize(
    ("expect", "differences"),
    [
        ("{outcome: REJECT}", ("outcome is PROMOTE, not REJECT",)),
        ("{outcome: PROMOTE, rules: [other]}", ("rules: secured, not other",)),
        ("{outcome: PROMOTE, rules: []}", ("rules: secured, not none",)),
        ("{outcome: PROMOTE, missing: [checked]}", ("missing: none, not checked",)),
        ("{outcome: PROMOTE, approvals: [manager]}", ("approvals: none, not manager",)),
        ("{outcome: PROMOTE, authority: sovereign}", ("authority is none, not sovereign",)),
        (
            "{outcome: REJECT, source: error}",
            ("outcome is PROMOTE, not REJECT", "source is policy, not error"),
        ),
        ("{outcome: PROMOTE, rules: [secured], missing: []}", ()),
    ],
)
def test_whatever_comes_otherwise_is_a_difference(site: Path, expect: str, differences: tuple[str, ...]) -> None:
    """Approvals and authority are always compared, rules and missing gates where the table names them."""
    _table(site, YAML.replace("expect: {outcome: PROMOTE}", f"expect: {expect}"))
    assert differences == _tried(site).cases[0].differences


@pytest.mark.parametrize(
    ("old", "new", "why", "line"),
    [
        ("cases:", "casse:", "unknown key", 5),
        ("outcome: PROMOTE", "outcome: PROMOT", "must be", 7),
        ("- case: secured\n", "- name: secured\n", "unknown key 'name'", 6),
        ("expect: {outcome: PROMOTE}", "expect: {}", "outcome", 7),
        ("authority: advisory", "authority: [advisory", "yaml-syntax", 2),
    ],
)
def test_a_malformed_table_in_yaml_is_told_at_its_place(site: Path, old: str, new: str, why: str, line: int) -> None:
    """With every finding, like every other file of a project."""
    _table(site, YAML.replace(old, new, 1))
    with pytest.raises(InvalidTableError) as raised:
        _tried(site)
    assert why in raised.value.message
    assert line in {item.line for item in raised.value.diagnostics}


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("context.grade", "context.grad", "did you mean context.grade?"),
        ("outcome", "result", "the column is not there"),
        ("false,PROMOTE", "false,PASS", "'PASS' is not one of PROMOTE, REJECT, ESCALATE"),
        ("secured,ann", "secured,ann,bob", "cells, but the header has"),
        ("case,", "case,gate,", "cells, but the header has"),
    ],
)
def test_a_malformed_table_in_csv_is_told(site: Path, old: str, new: str, why: str) -> None:
    """No column is ignored, no cell is guessed."""
    _table(site, CSV.replace(old, new, 1), "loan.csv")
    with pytest.raises(InputError) as raised:
        _tried(site)
    assert why in raised.value.message


def test_a_gate_that_the_pack_does_not_have_is_told(site: Path) -> None:
    """With the one that may have been meant."""
    _table(site, "gate: loan.comit\n" + YAML)
    with pytest.raises(InputError) as raised:
        _tried(site)
    assert ("did you mean loan.commit?", True) == (raised.value.hint, "loan.yaml:1" in (raised.value.where or ""))


@pytest.mark.parametrize("pack", ["loans", "hello"])
def test_trying_nothing_does_not_pass(site: Path, pack: str) -> None:
    """A pack without tables, or without a gate."""
    with pytest.raises(NoTablesError):
        try_policies(_services(site), pack)


def test_without_a_name_every_pack_with_gates_is_tried(site: Path) -> None:
    """The project's own, and those that are shipped; what has no table is told."""
    _table(site, YAML)
    tried = {item.pack: len(item.cases) for item in try_policies(_services(site), None)}
    assert tried["loans"] == 2
    assert tried["procurement"] > 10
    assert "hello" not in tried


def test_a_pack_stays_the_same_whatever_its_tables_say(site: Path) -> None:
    """Tables are no part of what a run is driven with, so mending one asks nobody for consent."""
    before = _services(site).packs(site).digest("loans")
    _table(site, YAML)
    assert before == _services(site).packs(site).digest("loans")
