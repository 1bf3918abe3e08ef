"""The tables that our packs ship with: every request comes to what they say, and every rule is decided by one."""

from pathlib import Path

import pytest

from converge_cli.app.try_policy import TriedCase, try_policies
from converge_cli.bootstrap import make_services
from converge_cli.settings import Settings

ROOT = Path(__file__).parents[3]
TRIED = try_policies(make_services(ROOT, settings=Settings("memory", ROOT, None)), None)
CASES = [item for tried in TRIED for item in tried.cases]


@pytest.mark.parametrize("tried", CASES, ids=lambda item: f"{Path(item.case.file).parts[1]}: {item.case.name}")
def test_a_request_comes_to_what_its_table_says(tried: TriedCase) -> None:
    """Outcome, approvals, authority, and rules and missing gates where they are named."""
    assert () == tried.differences


def test_every_pack_with_a_gate_has_tables_that_decide_each_of_its_rules() -> None:
    """Nothing that is declared is left untried."""
    assert [] == [(item.pack, rule.id) for item in TRIED for rule in item.undecided_rules]
    assert [] == [(item.pack, gate) for item in TRIED for gate in item.untried_gates]
    assert {"procurement"} <= {item.pack for item in TRIED}
