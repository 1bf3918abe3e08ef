"""The façade: the names that packs and embedding programs may import. A name that leaves it breaks somebody."""

import converge_cli

NAMES = [
    "Budget",
    "Columns",
    "ContextKey",
    "ContextView",
    "ConvergeError",
    "Effect",
    "Engine",
    "Fact",
    "FactModel",
    "FrozenMap",
    "Job",
    "Pack",
    "Parameters",
    "Passed",
    "Person",
    "ProposedFact",
    "RunResult",
    "StopReason",
    "Suggestor",
    "SuggestorUnavailableError",
    "Text",
    "__version__",
    "require_amount",
    "require_number",
    "slug",
    "step",
]


def test_the_public_names_are_these():
    """Adding a name is a decision; taking one away is a new major version."""
    assert NAMES == converge_cli.__all__


def test_every_public_name_can_be_imported():
    """Names are imported on first use, so a wrong home would only show then."""
    names = [name for name in NAMES if name != "__version__"]
    assert names == [getattr(converge_cli, name).__name__ for name in names]
