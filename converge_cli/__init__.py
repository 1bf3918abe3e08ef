"""Converge: decisions that must be defended. This façade is all that packs and embedding programs import."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_HOMES = {
    "Budget": "core.budget",
    "Columns": "core.fact",
    "ContextKey": "core.context_key",
    "ContextView": "core.context",
    "ConvergeError": "core.errors",
    "Effect": "core.suggestor",
    "Engine": "engine.engine",
    "Fact": "core.fact",
    "FactModel": "core.fact",
    "FrozenMap": "core.fact",
    "Job": "core.job",
    "Pack": "core.pack",
    "Parameters": "core.pack",
    "Passed": "core.built_in_kinds",
    "Person": "core.person",
    "ProposedFact": "core.fact",
    "RunResult": "engine.result",
    "StopReason": "core.stop_reason",
    "Suggestor": "core.suggestor",
    "SuggestorUnavailableError": "core.suggestor",
    "Text": "core.built_in_kinds",
    "require_amount": "core.number_checks",
    "require_number": "core.number_checks",
    "slug": "core.ids",
    "step": "core.pack_step",
}

if TYPE_CHECKING:
    from converge_cli.core.budget import Budget as Budget
    from converge_cli.core.built_in_kinds import Passed as Passed
    from converge_cli.core.built_in_kinds import Text as Text
    from converge_cli.core.context import ContextView as ContextView
    from converge_cli.core.context_key import ContextKey as ContextKey
    from converge_cli.core.errors import ConvergeError as ConvergeError
    from converge_cli.core.fact import Columns as Columns
    from converge_cli.core.fact import Fact as Fact
    from converge_cli.core.fact import FactModel as FactModel
    from converge_cli.core.fact import FrozenMap as FrozenMap
    from converge_cli.core.fact import ProposedFact as ProposedFact
    from converge_cli.core.ids import slug as slug
    from converge_cli.core.job import Job as Job
    from converge_cli.core.number_checks import require_amount as require_amount
    from converge_cli.core.number_checks import require_number as require_number
    from converge_cli.core.pack import Pack as Pack
    from converge_cli.core.pack import Parameters as Parameters
    from converge_cli.core.pack_step import step as step
    from converge_cli.core.person import Person as Person
    from converge_cli.core.stop_reason import StopReason as StopReason
    from converge_cli.core.suggestor import Effect as Effect
    from converge_cli.core.suggestor import Suggestor as Suggestor
    from converge_cli.core.suggestor import SuggestorUnavailableError as SuggestorUnavailableError
    from converge_cli.engine.engine import Engine as Engine
    from converge_cli.engine.result import RunResult as RunResult

__all__ = sorted([*_HOMES, "__version__"])  # noqa: PLE0605  the names are strings


def __getattr__(name: str) -> Any:
    """Import a public name on first use, so that importing the façade costs next to nothing."""
    if name not in _HOMES:
        raise AttributeError(f"converge_cli has no {name!r}")
    return getattr(import_module(f"converge_cli.{_HOMES[name]}"), name)
