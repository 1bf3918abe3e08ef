"""Tells a run that turns in circles: it adds facts, yet what stands now stood at the end of an earlier cycle."""

from hashlib import sha256

from converge_cli.core.fact import Fact
from converge_cli.engine.run import Run

_MASK = (1 << 256) - 1


class ProgressWatch:
    """Compares the digest of what stands with that of every earlier cycle.

    Without corrections what stands only grows, so nothing is computed until the first correction. The digest is
    the sum, modulo 2^256, of the SHA-256 of each standing fact (key, subject, content): independent of order.
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        self._counted = 0
        self._sum = 0
        self._standing: dict[tuple[str, str], int] = {}
        self._seen: set[int] = set()
        self._compared = 0

    def turns_in_circles(self) -> bool:
        """Called at the end of each cycle that added facts."""
        note_end(self._run)
        if not self._run.context.corrected:
            return False
        repeated = False
        for end in self._run.counts[self._compared :]:
            self._count_to(end)
            repeated = self._sum in self._seen
            self._seen.add(self._sum)
        self._compared = len(self._run.counts)
        return repeated

    def _count_to(self, end: int) -> None:
        for fact in self._run.context.facts[self._counted : end]:
            weight, key = _weight(fact), (fact.key, fact.subject)
            self._sum = (self._sum - self._standing.get(key, 0) + weight) & _MASK
            self._standing[key] = weight
        self._counted = max(self._counted, end)


def note_end(run: Run) -> None:
    """Remember how many facts there are at the end of a cycle, of the seeds or of what a resume brought in."""
    count, counts = len(run.context.facts), run.counts
    if count > (counts[-1] if counts else 0):
        counts.append(count)


def _weight(fact: Fact) -> int:
    text = b"\0".join((fact.key.encode(), fact.subject.encode(), fact.content))
    return int.from_bytes(sha256(text).digest(), "big")
