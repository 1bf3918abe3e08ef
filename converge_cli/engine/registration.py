"""A registered suggestor: what it declared, resolved against the context, and when it last looked."""

import re
from collections.abc import Mapping, Sequence

from converge_cli.core.context import Calls, Context, ContextView
from converge_cli.core.errors import InvalidJobError
from converge_cli.core.ids import SEGMENT
from converge_cli.core.kind import Kind
from converge_cli.core.selector import Selector, selector
from converge_cli.core.suggestor import Suggestor

ENGINE = "engine"
"""Who proposed the facts that the engine itself wrote."""

SEED = "seed"
"""Who proposed the facts that a run was given to begin with."""

_NAME = re.compile(SEGMENT)
_NUMBERS = (int, float)
_RESERVED = frozenset({ENGINE, SEED})


class Registration:
    """One suggestor in one run.

    Attributes:
        number: registration order; the merge order.
        last_view: how many facts its last recorded view held; -1 before the first.
        since: sequence of its last execution whose external calls are used up, 0 before the first.
        due: whether something that it reads is newer than that.
        timeout: seconds that one execution may take.
    """

    __slots__ = (
        "allowed",
        "due",
        "last_view",
        "name",
        "number",
        "pack",
        "reads",
        "since",
        "suggestor",
        "timeout",
        "writes",
    )

    def __init__(self, number: int, pack: str, suggestor: Suggestor, context: Context) -> None:
        name = suggestor.name
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise InvalidJobError(
                f"{type(suggestor).__name__} has no well-formed name: {name!r}",
                hint="set name to letters, digits, dots and dashes",
                where=pack,
            )
        if name in _RESERVED:
            raise InvalidJobError(
                f"no suggestor can be named {name}: its facts would pass for those of another",
                hint="give it another name",
                where=pack,
            )
        self.number = number
        self.pack = pack
        self.suggestor = suggestor
        self.name = name
        self.timeout = timeout = suggestor.timeout
        if not (isinstance(timeout, _NUMBERS) and timeout > 0):
            raise InvalidJobError(
                f"suggestor {name} has no timeout that could be kept: {timeout!r:.40}",
                hint="set timeout to seconds, more than 0",
                where=pack,
            )
        reads = tuple(map(selector, suggestor.reads))
        self.reads = tuple(map(context.live, reads))
        self.writes: tuple[Selector, ...] = tuple(map(selector, suggestor.writes))
        self.allowed = reads + self.writes
        self.last_view = -1
        self.since = 0
        self.due = not self.reads
        for live in self.reads:
            live.readers.append(number)
        if not suggestor.accepts_everything:
            # Who may decline looks at what it writes as well, so that may change its mind.
            for which in self.writes:
                live = context.live(which)
                if live not in self.reads:
                    live.readers.append(number)

    def view(self, context: Context, kinds: Mapping[str, Kind], calls: Calls | None = None) -> ContextView:
        """A fresh view of what it may see, and of whom it may call."""
        return ContextView(self.name, self.allowed, context, kinds, calls)

    def may_write(self, key: str, subject: str) -> bool:
        """Whether it declared that it writes this."""
        for which in self.writes:  # noqa: SIM110  judged for every proposal: a generator costs as much as the test
            if which.key == key and which.matches(subject):
                return True
        return False

    def wake(self) -> None:
        """Called when a fact arrived that its reads or writes select: due if its reads have something new."""
        if not self.due:
            seen = max(self.last_view, 0)
            for live in self.reads:
                if live.newest >= seen:
                    self.due = True
                    break


def register(suggestors: Sequence[tuple[str, Suggestor]], context: Context) -> tuple[Registration, ...]:
    """Register suggestors (pack name, suggestor) in order.

    Raises:
        InvalidJobError: a name is missing, malformed or there twice.
        MalformedSelectorError: a declared selector is not one.
    """
    names: dict[str, str] = {}
    registered = []
    for number, (pack, suggestor) in enumerate(suggestors):
        made = Registration(number, pack, suggestor, context)
        if made.name in names:
            raise InvalidJobError(
                f"two suggestors are named {made.name} (packs {names[made.name]} and {pack})",
                hint="rename one of them",
                where=pack,
            )
        names[made.name] = pack
        registered.append(made)
    return tuple(registered)


class Outside:
    """Who proposes what comes from outside (inputs, seeds): named, never executed, may write any key."""

    __slots__ = ("name", "pack")

    def __init__(self, name: str) -> None:
        self.name = name
        self.pack = ""

    def may_write(self, key: str, subject: str) -> bool:
        """Outside may write anything; the other checks of the gate stand."""
        return bool(key and subject)
