"""The public test kit: what adapters, packs and truths are tested with. Imports nothing until a name is used."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

_HOMES = {
    "CollectingSink": "collecting_sink",
    "ExperienceConformance": "experience_conformance",
    "FaultyExperience": "faulty_experience",
    "FixedGate": "fixed_gate",
    "FlowGateConformance": "flow_gate_conformance",
    "LedgerConformance": "ledger_conformance",
    "ManualClock": "manual_clock",
    "PortFault": "faulty_experience",
    "ScriptedGate": "scripted_gate",
    "SequenceIds": "sequence_ids",
    "run_suggestor": "suggestor_bench",
    "view_of": "suggestor_bench",
}

if TYPE_CHECKING:
    from converge_cli.testing.collecting_sink import CollectingSink as CollectingSink
    from converge_cli.testing.experience_conformance import ExperienceConformance as ExperienceConformance
    from converge_cli.testing.faulty_experience import FaultyExperience as FaultyExperience
    from converge_cli.testing.faulty_experience import PortFault as PortFault
    from converge_cli.testing.fixed_gate import FixedGate as FixedGate
    from converge_cli.testing.flow_gate_conformance import FlowGateConformance as FlowGateConformance
    from converge_cli.testing.ledger_conformance import LedgerConformance as LedgerConformance
    from converge_cli.testing.manual_clock import ManualClock as ManualClock
    from converge_cli.testing.scripted_gate import ScriptedGate as ScriptedGate
    from converge_cli.testing.sequence_ids import SequenceIds as SequenceIds
    from converge_cli.testing.suggestor_bench import run_suggestor as run_suggestor
    from converge_cli.testing.suggestor_bench import view_of as view_of

__all__ = sorted(_HOMES)  # noqa: PLE0605  the names are strings


def __getattr__(name: str) -> Any:
    """Import a public name on first use."""
    if name not in _HOMES:
        raise AttributeError(f"converge_cli.testing has no {name!r}")
    return getattr(import_module(f"converge_cli.testing.{_HOMES[name]}"), name)
