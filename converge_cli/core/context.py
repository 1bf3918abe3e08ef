"""The context: the append-only store of one run, and the read-only views that suggestors get of it."""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from typing import Any, Protocol

from converge_cli.core.context_key import KEYS
from converge_cli.core.errors import CallForbiddenError, ClosedViewError, UndeclaredReadError
from converge_cli.core.fact import Fact, ProposedFact
from converge_cli.core.ids import next_version, subject_of
from converge_cli.core.kind import Kind
from converge_cli.core.selector import Selector, selector


class LiveSelection:
    """What one selector selects, kept up to date as facts arrive.

    Attributes:
        current: subject -> fact that stands now, in order of first promotion.
        newest: index of the newest fact that it has seen, -1 before the first.
        readers: registration numbers of the suggestors that a new fact wakes.
    """

    __slots__ = ("_snapshot", "current", "newest", "readers", "selector")

    def __init__(self, which: Selector) -> None:
        self.selector = which
        self.current: dict[str, Fact] = {}
        self.newest = -1
        self.readers: list[int] = []
        self._snapshot: tuple[Fact, ...] | None = ()

    def put(self, subject: str, fact: Fact) -> None:
        """Take in a fact that the selector matches."""
        self.current[subject] = fact
        self.newest = fact.index
        self._snapshot = None

    def facts(self) -> tuple[Fact, ...]:
        """The facts that stand now."""
        if self._snapshot is None:
            self._snapshot = tuple(self.current.values())
        return self._snapshot


class Context:
    """Append-only: a fact is never edited or removed; a correction is a new fact that names what it corrects.

    Attributes:
        facts: every fact, in order of promotion.
        woken: registration numbers of the suggestors that a fact added concerns, until the loop has looked.
        corrected: how many facts have been corrected.
    """

    def __init__(self) -> None:
        self.facts: list[Fact] = []
        self.woken: set[int] = set()
        self.corrected = 0
        self._current: dict[str, dict[str, Fact]] = {key: {} for key in KEYS}
        self._superseded: dict[tuple[str, str], Fact] = {}
        self._selections: dict[str, LiveSelection] = {}
        # Where to look for the selections that a fact concerns: key -> subject, and
        # key -> literal prefix that ends in a colon (or "").
        self._exact: dict[str, dict[str, LiveSelection]] = {key: {} for key in KEYS}
        self._by_prefix: dict[str, dict[str, list[LiveSelection]]] = {key: {} for key in KEYS}

    def add(self, fact: Fact) -> None:
        """Append a fact that the gate has promoted; `fact.index` is its position."""
        self.facts.append(fact)
        key, subject = fact.key, fact.id
        current = self._current[key]
        if fact.corrects is not None:  # only then does its id have a version
            subject = subject_of(subject)
            self._superseded[key, fact.corrects] = current[subject]
            self.corrected += 1
        current[subject] = fact
        exact, by_prefix = self._exact[key], self._by_prefix[key]
        if exact and subject in exact:
            self._tell(exact[subject], subject, fact)
        if by_prefix:
            self._tell_by_prefix(by_prefix, subject, fact)

    def _tell(self, live: LiveSelection, subject: str, fact: Fact) -> None:
        live.put(subject, fact)
        if live.readers:
            self.woken.update(live.readers)

    def _tell_by_prefix(self, by_prefix: dict[str, list[LiveSelection]], subject: str, fact: Fact) -> None:
        """Put a fact into the selections of its key that have a glob, or none: those of each of its prefixes."""
        end = 0
        while True:
            for live in by_prefix.get(subject[:end], ()):
                if live.selector.matches(subject):
                    self._tell(live, subject, fact)
            end = subject.find(":", end) + 1
            if not end:
                return

    def live(self, which: Selector) -> LiveSelection:
        """The selection of a selector, made on first use and kept up to date from then on."""
        known = self._selections.get(which.text)
        if known is not None:
            return known
        made = LiveSelection(which)
        self._selections[which.text] = made
        if which.exact:
            self._exact[which.key][which.prefix] = made
        else:
            prefix = which.prefix[: which.prefix.rfind(":") + 1]
            self._by_prefix[which.key].setdefault(prefix, []).append(made)
        for subject, fact in self._current[which.key].items():
            if which.matches(subject):
                made.put(subject, fact)
        if made.current:
            made.newest = max(fact.index for fact in made.current.values())
        return made

    def current(self, key: str, subject: str) -> Fact | None:
        """The fact that stands for a subject now."""
        return self._current[key].get(subject)

    def get(self, key: str, fact_id: str, subject: str) -> Fact | None:
        """The fact with exactly this id, which is one of the subject's, corrected since or not."""
        found = self._current[key].get(subject)
        if found is None or found.id == fact_id:
            return found
        return self._superseded.get((key, fact_id))

    def find(self, fact_id: str) -> tuple[Fact | None, bool]:
        """The fact with exactly this id under any key, and whether it is current."""
        for key, facts in self._current.items():
            found = facts.get(subject_of(fact_id))
            if found is not None and found.id == fact_id:
                return found, True
            old = self._superseded.get((key, fact_id))
            if old is not None:
                return old, False
        return None, False

    def all_current(self) -> Iterator[Fact]:
        """Every fact that has not been corrected, by key and in order of first promotion."""
        for facts in self._current.values():
            yield from facts.values()


class Calls(Protocol):
    """What records the external calls of suggestors; see `ContextView.call`."""

    def call(self, suggestor: str, request: Any, send: Callable[[str], Awaitable[bytes]]) -> Awaitable[bytes]:
        """The answer to a request of a suggestor, kept before it is given."""
        ...


class ContextView:
    """What one suggestor sees in one execution: the facts that its reads and writes select, as they stood then."""

    __slots__ = ("_allowed", "_calls", "_context", "_kinds", "_open", "_suggestor")

    def __init__(
        self,
        suggestor: str,
        allowed: tuple[Selector, ...],
        context: Context,
        kinds: Mapping[str, Kind],
        calls: Calls | None = None,
    ) -> None:
        self._suggestor = suggestor
        self._allowed = allowed
        self._context = context
        self._kinds = kinds
        self._calls = calls
        self._open = True

    def facts(self, which: str) -> tuple[Fact, ...]:
        """Facts that stand now and match `Key` or `Key:id-glob`, in order of first promotion.

        Raises:
            UndeclaredReadError: neither reads nor writes of the suggestor cover the selector.
            MalformedSelectorError: it is not a selector.
        """
        wanted = selector(which)
        self._require_open()
        if wanted in self._allowed:
            return self._context.live(wanted).facts()
        for declared in self._allowed:
            if declared.covers(wanted):
                current = self._context.live(declared).current
                return tuple(fact for subject, fact in current.items() if wanted.matches(subject))
        raise UndeclaredReadError(self._suggestor, which, [declared.text for declared in self._allowed])

    def get(self, key: str, subject: str) -> Fact | None:
        """The fact that stands for one subject, or None.

        Raises:
            UndeclaredReadError: neither reads nor writes of the suggestor cover it.
        """
        self._require_open()
        for declared in self._allowed:
            if declared.key == key and declared.matches(subject):
                return self._context.current(key, subject)
        raise UndeclaredReadError(self._suggestor, f"{key}:{subject}", [declared.text for declared in self._allowed])

    def missing(self, *, each: str, output: str) -> tuple[Fact, ...]:
        """The facts of `each` that have no `output` yet.

        Args:
            each: selector of the entities, for example `Seeds:vendor:*`.
            output: key and id with `{name}` for the entity's name: `Evaluations:score:price:{name}`.
        """
        key, _, pattern = output.partition(":")
        return tuple(fact for fact in self.facts(each) if self.get(key, pattern.replace("{name}", fact.name)) is None)

    def propose(
        self, key: str, fact_id: str, payload: Any, *, confidence: Any = 1, evidence: Iterable[Fact | str] = ()
    ) -> ProposedFact:
        """A proposal of a new fact."""
        return ProposedFact(key, fact_id, payload, confidence, _ids(evidence))

    def revise(
        self, key: str, subject: str, payload: Any, *, confidence: Any = 1, evidence: Iterable[Fact | str] = ()
    ) -> ProposedFact | None:
        """Propose what a subject should say now: new, a correction of what stands, or None when it says so."""
        standing = self.get(key, subject)
        if standing is None:
            return ProposedFact(key, subject, payload, confidence, _ids(evidence))
        kind = self._kinds.get(standing.kind)
        if kind is not None and kind.parse(payload)[1] == standing.content:
            return None
        return ProposedFact(key, next_version(standing.id), payload, confidence, _ids(evidence), standing.id)

    def call(self, request: Any, send: Callable[[str], Awaitable[bytes]]) -> Awaitable[bytes]:
        """Ask the outside world, once: `answer = await view.call(request, send)`.

        The answer is recorded before it is given; where an attempt is repeated, after a crash or a timeout, the
        recorded one is given and nothing is sent.

        Args:
            request: everything that the answer depends on, as plain data; recorded, so it holds no secret.
            send: makes the call and returns the answer's bytes. It is given a key that is the same in every attempt,
                for services that take an idempotency key. What it raises is not recorded.

        Raises:
            CallForbiddenError: in `accepts`, which decides on the view alone.
            ClosedViewError: the execution has ended.
            TypeError: the request has no JSON form.
        """
        self._require_open()
        if self._calls is None:
            raise CallForbiddenError(self._suggestor)
        return self._calls.call(self._suggestor, request, send)

    def close(self) -> None:
        """End the view: whoever kept it can't look into later cycles."""
        self._open = False

    def _require_open(self) -> None:
        if not self._open:
            raise ClosedViewError(self._suggestor)


def _ids(evidence: Iterable[Fact | str]) -> tuple[str, ...]:
    return () if evidence == () else tuple(item.id if isinstance(item, Fact) else item for item in evidence)
