"""Fixtures of the packs' tests."""

from types import ModuleType
from typing import Any

import pytest
from pack_bench import ROOT, Bench, MakeBench, load

from converge_cli.core.pack import Pack


@pytest.fixture(scope="session")
def procurement() -> dict[str, ModuleType]:
    """Modules of packs/procurement."""
    return load("bench_procurement", ROOT / "packs" / "procurement", "facts", "parameters", "scoring", "suggestors")


@pytest.fixture
def selection(procurement: dict[str, ModuleType]) -> MakeBench:
    """Makes a bench with all procurement suggestors, for the parameters given."""
    facts, suggestors = procurement["facts"], procurement["suggestors"]
    models = ("Vendor", "Score", "Unscored", "Eligibility", "Ranking", "Recommendation", "Sensitivity", "Commitment")
    models += ("Breach",)
    factories = ("RequirementsCheck", "RankVendors", "Recommend", "AnalyseSensitivity", "DueDiligence")

    def make(**parameters: Any) -> Bench:
        names = ("evaluators", *factories, "CompetitiveReview", "Audit", "Commit")
        pack = Pack(
            "procurement",
            kinds={name.lower(): getattr(facts, name) for name in models},
            factories=[getattr(suggestors, name) for name in names],
            parameters=facts.SelectionParameters,
        )
        kinds = [(name, kind.model) for name, kind in pack.kinds.items()]
        return Bench(kinds, pack.suggestors(pack.parse_parameters(parameters)))

    return make
