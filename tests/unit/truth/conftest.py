"""The small packs of the golden truths, and short ways to compile a text."""

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from converge_cli.truth.compiler import Compilation, compile_truth
from converge_cli.truth.source import Source

_SHOP = Path(__file__).parents[2] / "golden" / "truth" / "shop.py"

CONTRACT = """truth: v1
key: plain
kind: job
title: Every vendor is scored
packs: [shop]
success_criteria:
  - {id: scored, description: A score exists, then: ['the Context key "Evaluations" contains at least 1 fact']}
"""


@pytest.fixture(scope="session")
def shop() -> Any:
    """The module with the in-memory packs."""
    if "golden_shop" not in sys.modules:
        spec = importlib.util.spec_from_file_location("golden_shop", _SHOP)
        module = importlib.util.module_from_spec(spec)
        sys.modules["golden_shop"] = module
        spec.loader.exec_module(module)
    return sys.modules["golden_shop"]


@pytest.fixture
def contract() -> str:
    """The plain contract."""
    return CONTRACT


Compile = Callable[..., Compilation]


@pytest.fixture
def compile_text(shop: Any) -> Compile:
    """Compiles a contract (the plain one with `more` added, by default) and a feature."""

    def compile_it(feature: str = "", *, more: str = "", contract: str | None = None) -> Compilation:
        text = (contract if contract is not None else CONTRACT) + more
        features = [Source("plain.feature", feature.encode())] if feature else []
        return compile_truth(Source("truth.yaml", text.encode()), features, shop.Shelf())

    return compile_it
