"""What a deployment offers to those who run truths in it: chosen by the composition root, asked for by wirings."""

from dataclasses import dataclass
from pathlib import Path

BACKENDS = ("local", "scripted")
"""What serves suggestors: their own code on this machine, and answers that were written down."""


@dataclass(frozen=True, slots=True)
class Deployment:
    """One deployment.

    Attributes:
        backends: those that there are.
        storage: the backend of the store of runs.
        storage_path: its folder; None where runs are kept in memory.
    """

    backends: tuple[str, ...] = BACKENDS
    storage: str = "memory"
    storage_path: Path | None = None


IN_MEMORY = Deployment()
"""What there is without any settings."""
