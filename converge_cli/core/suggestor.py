"""Suggestors: what proposes. They never call each other; the context is the only thing that they share (law 2)."""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Iterable
from typing import TYPE_CHECKING, Any, ClassVar

from converge_cli.core.errors import ConvergeError
from converge_cli.core.fact import ProposedFact

if TYPE_CHECKING:
    from converge_cli.core.context import ContextView


class Effect:
    """The proposals of one execution; empty when there is nothing to say."""

    __slots__ = ("proposals",)

    def __init__(self, proposals: Iterable[ProposedFact | None] = ()) -> None:
        self.proposals: tuple[ProposedFact, ...] = tuple([item for item in proposals if item is not None])

    def __repr__(self) -> str:
        return f"Effect({len(self.proposals)} proposals)"


class Suggestor(ABC):
    """Reads a view, returns an effect. It runs when something that it reads is newer than what it last saw.

    Attributes:
        name: unique within a run; shown in the trace and in provenance.
        reads: selectors whose new facts wake it; without any it is due once, in the first cycle.
        writes: selectors of what it may propose. A view shows what reads and writes select, nothing else.
        timeout: seconds that one execution may take before it is stopped and recorded as failed.
        parameters: what the truth sets for the pack, typed by the pack's model; None without one.
    """

    name: str = ""
    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    timeout: float = 60.0

    accepts_everything: ClassVar[bool]

    def __init__(self, parameters: Any = None) -> None:
        self.parameters = parameters

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        cls.accepts_everything = cls.accepts is Suggestor.accepts

    def accepts(self, view: "ContextView") -> bool:  # noqa: ARG002  subclasses decide on the view
        """Whether there is anything to do; a pure decision on the view alone."""
        return True

    @abstractmethod
    def execute(self, view: "ContextView") -> Effect | Awaitable[Effect]:
        """Return the proposals; sync code is pure and quick, async code may wait for the outside world."""


class SuggestorUnavailableError(ConvergeError):
    """Raised by a suggestor that lacks a backend or an input: it says so instead of inventing something."""

    code = "UNAVAILABLE"
