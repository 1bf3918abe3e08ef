"""A bench for suggestors: facts in, proposals out, with the real context and views, and no engine."""

import importlib
import sys
from collections.abc import Callable, Iterable
from decimal import Decimal
from pathlib import Path
from types import ModuleType
from typing import Any

from converge_cli import Effect, Fact, ProposedFact, Suggestor
from converge_cli.core.built_in_kinds import BUILT_IN_MODELS
from converge_cli.core.context import Context, ContextView
from converge_cli.core.ids import kind_of, subject_of
from converge_cli.core.kind import Kind
from converge_cli.core.provenance import PromotionRecord
from converge_cli.core.selector import selector

ROOT = Path(__file__).resolve().parents[3]


def load(package: str, folder: Path, *modules: str) -> dict[str, ModuleType]:
    """Import modules of a folder under a package name of the tests' own, so that relative imports work."""
    if package not in sys.modules:
        parent = ModuleType(package)
        parent.__path__ = [str(folder)]
        sys.modules[package] = parent
    return {name: importlib.import_module(f"{package}.{name}") for name in modules}


class Bench:
    """A context that accepts whatever fits its kinds, and runs suggestors against it one after the other."""

    def __init__(self, kinds: Iterable[tuple[str, Any]], suggestors: Iterable[Suggestor]) -> None:
        self.context = Context()
        self.kinds = {name: Kind(name, model) for name, model in [*kinds, *BUILT_IN_MODELS.items()]}
        self.suggestors = list(suggestors)

    def seed(self, fact_id: str, payload: Any) -> Fact:
        """Add a fact under Seeds."""
        return self.promote("seed", ProposedFact("Seeds", fact_id, payload))

    def promote(self, by: str, proposal: ProposedFact) -> Fact:
        """Make a fact of a proposal, with the checks that a suggestor of ours must never trip over."""
        for evidence in proposal.evidence:
            assert self.context.find(evidence)[1], f"{by} cites {evidence}, which does not stand"
        kind = kind_of(proposal.id)
        payload, content = self.kinds[kind].parse(proposal.payload)
        fact = Fact(
            proposal.key,
            proposal.id,
            kind,
            payload,
            content,
            Decimal(proposal.confidence),
            proposal.evidence,
            by,
            proposal.corrects,
            len(self.context.facts),
            PromotionRecord(cycle=0, execution=None, position=0),
        )
        self.context.add(fact)
        return fact

    def propose(self, suggestor: Suggestor) -> tuple[ProposedFact, ...]:
        """What a suggestor proposes now; nothing when it does not accept."""
        allowed = tuple(selector(text) for text in (*suggestor.reads, *suggestor.writes))
        view = ContextView(suggestor.name, allowed, self.context, self.kinds)
        effect = suggestor.execute(view) if suggestor.accepts(view) else Effect()
        assert isinstance(effect, Effect), f"{suggestor.name} is asynchronous"
        writes = [selector(text) for text in suggestor.writes]
        for item in effect.proposals:
            assert any(w.key == item.key and w.matches(subject_of(item.id)) for w in writes), f"undeclared {item.id}"
        return effect.proposals

    def cycle(self) -> list[Fact]:
        """One cycle: every suggestor sees the same facts, then all proposals are promoted in order."""
        effects = [(suggestor.name, self.propose(suggestor)) for suggestor in self.suggestors]
        return [self.promote(name, proposal) for name, effect in effects for proposal in effect]

    def converge(self, most: int = 20) -> int:
        """Cycles until one adds nothing, that one included."""
        for number in range(1, most + 1):
            if not self.cycle():
                return number
        raise AssertionError(f"still adding facts after {most} cycles")

    def current(self, key: str, subject: str) -> Any:
        """The payload that stands for a subject, or None."""
        fact = self.context.current(key, subject)
        return None if fact is None else fact.payload

    def names(self, key: str, prefix: str) -> list[str]:
        """Ids that stand under a key and begin so, sorted."""
        return sorted(f.id for f in self.context.all_current() if f.key == key and f.id.startswith(prefix))


MakeBench = Callable[..., Bench]
