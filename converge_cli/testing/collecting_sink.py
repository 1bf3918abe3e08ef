"""An event sink that keeps what it sees."""

from collections.abc import Sequence

from converge_cli.core.event import RunEvent, SuggestorRunning


class CollectingSink:
    """The EventSink port for tests.

    Attributes:
        commits: the events of each commit, in order.
        beginnings: executions that began.
    """

    def __init__(self) -> None:
        self.commits: list[tuple[RunEvent, ...]] = []
        self.beginnings: list[SuggestorRunning] = []

    def events(self, run: str, committed: Sequence[RunEvent]) -> None:  # noqa: ARG002  a sink may serve many runs
        """Keep the events of a commit."""
        self.commits.append(tuple(committed))

    def running(self, beginning: SuggestorRunning) -> None:
        """Keep the beginning of an execution."""
        self.beginnings.append(beginning)

    @property
    def seen(self) -> list[RunEvent]:
        """Every event, in order."""
        return [event for commit in self.commits for event in commit]

    def names(self) -> list[str]:
        """The type of every event, in order."""
        return [type(event).__name__ for event in self.seen]
