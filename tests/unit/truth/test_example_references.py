"""What an @e2e scenario may name: findings stand at the step that names something unknown."""

from pathlib import Path

import pytest

from converge_cli.core.fact import Columns, FactModel
from converge_cli.core.job import InputSpec
from converge_cli.core.kind import Kind
from converge_cli.pack.registry import PackRegistry
from converge_cli.truth.compiler import compile_truth
from converge_cli.truth.inputs import InputError, read_input
from converge_cli.truth.source import Source

ROOT = Path(__file__).resolve().parents[3]
FEATURE = """Feature: Every vendor is scored
  @e2e
  Scenario: A decision is given
    Given "{point}" is approved by "sofia"
    When the truth runs to convergence
    Then the stop reason is "CriteriaMet"
"""


def _findings(point: str, key: str = "vendor-selection") -> list[tuple[str, int, int]]:
    truth = (ROOT / "truths" / key / "truth.yaml").read_bytes()
    features = [
        Source(f"{key}.feature", (ROOT / "features" / f"{key}.feature").read_bytes()),
        Source("more.feature", FEATURE.replace("{point}", point).encode()),
    ]
    compiled = compile_truth(Source("truth.yaml", truth), features, PackRegistry([ROOT / "packs"]))
    return [(item.message, item.line, item.column) for item in compiled.diagnostics]


@pytest.mark.parametrize("level", ["advisory", "participatory", "supervisory", "sovereign"])
def test_an_authority_can_be_given_where_policy_may_ask_for_one(level: str) -> None:
    """The point of such a request is made by the engine, so no contract declares it."""
    assert [] == _findings(f"authority_{level}")


def test_an_unknown_point_is_found_at_its_step() -> None:
    """Line and column of the name, not of the scenario."""
    assert [("approval point 'authority_royal' is not declared", 4, 11)] == _findings("authority_royal")


def test_without_a_gate_nobody_asks_for_an_authority() -> None:
    """So naming one would be a decision that nothing ever uses."""
    message = "approval point 'authority_sovereign' is not declared"
    assert [(message, 4, 11)] == _findings("authority_sovereign", "hello-convergence")


class Bid(FactModel, frozen=True):
    """A model with room for more columns, in which a misspelt one would vanish."""

    id: str
    price: str
    columns: Columns = Columns()


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("id,prise,colour", "the column is missing; there is a column prise: did you mean price?"),
        ("id,colour", "the column is missing"),
    ],
)
def test_a_misspelt_column_is_named_where_others_are_welcome(header: str, said: str) -> None:
    """The nearest of the columns that the model does not name."""
    text = f"{header}\n{','.join('x' for _ in header.split(','))}\n"
    with pytest.raises(InputError) as caught:
        read_input(InputSpec("bids", "bid", "bid:{id}"), Source("bids.csv", text.encode()), Kind("bid", Bid))
    assert [said] == [problem.message for problem in caught.value.problems]
