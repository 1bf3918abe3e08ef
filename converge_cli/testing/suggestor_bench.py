"""One suggestor on the bench: facts in, proposals out, with the real context and view, and without an engine.

Facts are taken as given, so no gate stands in the way. Must never be used to run more than one suggestor: what
several make of each other's facts is for an `Engine` to find out.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any

from converge_cli._internal.hashing import digest
from converge_cli.core.built_in_kinds import reserved_kinds
from converge_cli.core.context import Context, ContextView
from converge_cli.core.errors import InvalidJobError
from converge_cli.core.fact import Fact, FactModel, ProposedFact
from converge_cli.core.ids import kind_of, subject_of
from converge_cli.core.kind import Kind
from converge_cli.core.provenance import PromotionRecord
from converge_cli.core.selector import selector
from converge_cli.core.suggestor import Effect, Suggestor


class _Direct:
    """External calls on the bench: sent at once, recorded nowhere."""

    def call(self, suggestor: str, request: Any, send: Callable[[str], Awaitable[bytes]]) -> Awaitable[bytes]:
        return send(digest([suggestor, request]))


def view_of(facts: Iterable[ProposedFact], suggestor: Suggestor, kinds: Mapping[str, type[FactModel]]) -> ContextView:
    """What the suggestor would see of these facts.

    Args:
        facts: what stands, in order of promotion; corrections name what they correct.
        suggestor: whose reads and writes limit the view.
        kinds: the models by kind name; built-in and engine-owned kinds are there already.

    Raises:
        InvalidJobError: a fact of a kind that nobody declares.
        msgspec.ValidationError: a payload does not fit its kind.
    """
    known = {**reserved_kinds(), **{name: Kind(name, model) for name, model in kinds.items()}}
    context = Context()
    for item in facts:
        context.add(_fact(item, known, len(context.facts)))
    allowed = tuple(selector(text) for text in dict.fromkeys((*suggestor.reads, *suggestor.writes)))
    return ContextView(suggestor.name, allowed, context, known, _Direct())


def run_suggestor(
    suggestor: Suggestor, facts: Iterable[ProposedFact], kinds: Mapping[str, type[FactModel]]
) -> tuple[ProposedFact, ...]:
    """What the suggestor proposes on these facts; nothing when it does not accept them.

    Async suggestors are run to their end, so this must not be called from async code.

    Raises:
        AssertionError: it returned no Effect, or proposes something that it does not declare.
    """
    view = view_of(facts, suggestor, kinds)
    if not suggestor.accepts(view):
        return ()
    answer = suggestor.execute(view)
    effect = asyncio.run(_awaited(answer)) if isinstance(answer, Awaitable) else answer
    if not isinstance(effect, Effect):
        raise AssertionError(f"{suggestor.name} returned {type(effect).__name__}, not an Effect")
    writes = [selector(text) for text in suggestor.writes]
    for item in effect.proposals:
        if not any(which.key == item.key and which.matches(subject_of(item.id)) for which in writes):
            raise AssertionError(f"{suggestor.name} does not declare that it writes {item.key}:{item.id}")
    return effect.proposals


async def _awaited(answer: Awaitable[Effect]) -> Effect:
    return await answer


def _fact(item: ProposedFact, kinds: Mapping[str, Kind], index: int) -> Fact:
    name = kind_of(item.id)
    if name not in kinds:
        raise InvalidJobError(f"kind {name} of {item.id} is not declared", hint="give its model in kinds", where=name)
    payload, content = kinds[name].parse(item.payload)
    return Fact(
        key=item.key,
        id=item.id,
        kind=name,
        payload=payload,
        content=content,
        confidence=Decimal(str(item.confidence)),
        evidence=item.evidence,
        suggestor="bench",
        corrects=item.corrects,
        index=index,
        promotion=PromotionRecord(cycle=0, execution=None, position=index),
    )
