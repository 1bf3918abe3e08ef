"""Facts and proposals. A `ProposedFact` is not a `Fact`: only the promotion gate makes facts (law 1)."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Generic, TypeVar

import msgspec

from converge_cli.core.ids import subject_of
from converge_cli.core.provenance import PromotionRecord

K = TypeVar("K")
V = TypeVar("V")


class FrozenMap(Mapping[K, V], Generic[K, V]):
    """A mapping that nobody can change; the only mapping a fact model may hold.

    Iterates in key order, so that equal maps have equal canonical bytes.
    """

    __slots__ = ("_items",)
    _items: Mapping[K, V]

    def __init__(self, items: Mapping[K, V] | None = None) -> None:
        pairs = dict(items or {})
        ordered = {key: pairs[key] for key in sorted(pairs)}  # type: ignore[type-var]
        object.__setattr__(self, "_items", MappingProxyType(ordered))

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"a FrozenMap can't be changed: {name}")

    def __getitem__(self, key: K) -> V:
        return self._items[key]

    def __iter__(self) -> Iterator[K]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __hash__(self) -> int:
        return hash(tuple(self._items.items()))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({dict(self._items)!r})"

    def _as_dict(self) -> dict[K, V]:
        return dict(self._items)


class Columns(FrozenMap[str, str]):
    """The cells of a row that its model does not name, by column: what lets a table have more columns."""

    __slots__ = ()


class FactModel(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Base of the typed payload of a kind. Fields are scalars, tuples, frozen maps or frozen models."""


class ProposedFact(msgspec.Struct, frozen=True, gc=False):
    """A claim that is not yet accepted.

    Attributes:
        key: context key.
        id: `<kind>:<name>`, with `@<n>` when it corrects.
        payload: a FactModel of the kind, or a mapping that fits it.
        confidence: how sure the suggestor is, a finite number in [0, 1].
        evidence: ids of the facts that it rests on.
        corrects: id of the fact that this one replaces, or None.
    """

    key: str
    id: str
    payload: Any
    confidence: Any = 1
    evidence: tuple[str, ...] = ()
    corrects: str | None = None


class Fact(msgspec.Struct, frozen=True, gc=False):
    """A claim that passed the promotion gate; immutable, kept for ever.

    Attributes:
        payload: the kind's model, parsed from `content`.
        content: canonical JSON bytes of the payload, taken at promotion; what is hashed and judged.
        suggestor: who proposed it.
        index: position in the context, from 0.
        promotion: through which door it came.
    """

    key: str
    id: str
    kind: str
    payload: Any
    content: bytes
    confidence: Decimal
    evidence: tuple[str, ...]
    suggestor: str
    corrects: str | None
    index: int
    promotion: PromotionRecord

    @property
    def subject(self) -> str:
        """The id without its version."""
        return subject_of(self.id)

    @property
    def name(self) -> str:
        """The subject without its kind: `acme` of `vendor:acme`."""
        return subject_of(self.id).partition(":")[2]
