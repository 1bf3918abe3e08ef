"""`converge ledger watch`: shows entries as they come, until it is time to end."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from time import monotonic
from typing import Any

from converge_cli._internal.canonical_json import encode
from converge_cli.cli import options
from converge_cli.cli.ledger import entry_data, entry_row
from converge_cli.cli.output import Answer, UsageError
from converge_cli.cli.stdout import out
from converge_cli.core.ledger import Heartbeat, LedgerEntry
from converge_cli.core.port import Ledger
from converge_cli.trace.jsonl import for_stream
from converge_cli.trace.sanitize import safe

_HEARTBEAT = 5.0
_SHORTEST = 0.05


@dataclass(frozen=True, slots=True)
class Ending:
    """When to end: after so many entries, at a time of `monotonic`, or never."""

    limit: int | None
    deadline: float | None
    heartbeat: float

    @classmethod
    def of(cls, limit: int | None, seconds: str | None) -> "Ending":
        """The ending that was asked for.

        Raises:
            UsageError: a number or duration that means nothing.
        """
        if limit is not None and limit < 1:
            raise UsageError(f"--limit takes a number above 0, not {limit}", hint="for example 10", where="--limit")
        if seconds is None:
            return cls(limit, None, _HEARTBEAT)
        duration = options.seconds(seconds)
        if duration is None or duration < 0:
            raise UsageError(f"--for takes a duration, not {seconds!r}", hint="for example 90s or 5m", where="--for")
        # The end is looked for at each heartbeat.
        heartbeat = min(max(float(duration) / 10, _SHORTEST), 1.0)
        return cls(limit, monotonic() + float(duration), heartbeat)

    def reached(self, seen: int) -> bool:
        """Whether it is time."""
        return seen == self.limit or (self.deadline is not None and monotonic() >= self.deadline)


def follow(
    ledger: Ledger, context: str, key: str | None, after: int, ending: Ending, *, jsonl: bool, as_json: bool
) -> Answer:
    """Show entries until the end; Ctrl-C is an end as any other.

    Raises:
        ConvergeError: the ledger fails, or this watcher was too slow; both say after which sequence to go on.
    """
    seen: list[LedgerEntry] = []
    last, count = after, 0
    with closing(_watching(ledger, context, key, after, ending)) as watching:
        try:
            for item in watching:
                last = item.sequence
                if isinstance(item, LedgerEntry):
                    count += 1
                    if as_json:
                        seen.append(item)
                    else:
                        _show(item, jsonl=jsonl)
                if ending.reached(count):
                    break
        except KeyboardInterrupt:
            pass
    data = {"entries": [entry_data(entry) for entry in seen], "last": last}
    if jsonl and not as_json:
        return Answer("watched", 0, data, lambda _console: None)
    return Answer("watched", 0, data, f"{count} entries; go on with --after {last}")


def _watching(ledger: Ledger, context: str, key: str | None, after: int, ending: Ending) -> Any:
    watching: Iterator[LedgerEntry | Heartbeat] = ledger.watch(
        context, key=key, after=after, heartbeat=ending.heartbeat
    )
    return watching


def _show(entry: LedgerEntry, *, jsonl: bool) -> None:
    if jsonl:
        line = for_stream(encode(entry).decode(), out())
    else:
        sequence, *rest = (safe(cell) for cell in entry_row(entry))
        line = "  ".join([f"{sequence:>6}", *rest])
    out().write(line + "\n")
    out().flush()
