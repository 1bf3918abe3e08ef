"""What lies around a truth and decides what it may say: shared truths, people, files. Must never go and look for it."""

import msgspec

from converge_cli.core.person import Person
from converge_cli.truth.source import Source


class SharedText(msgspec.Struct, frozen=True):
    """The texts of a policy or invariant truth; `missing` are the features that it names and that are not there."""

    truth: Source
    features: tuple[Source, ...] = ()
    missing: tuple[str, ...] = ()


class JobHeader(msgspec.Struct, frozen=True):
    """What a shared truth needs to know of a job of its folder."""

    key: str
    packs: tuple[str, ...] = ()


class Surroundings(msgspec.Struct, frozen=True):
    """What the compiler is told besides the texts of a truth and its packs.

    Attributes:
        shared: the policy and invariant truths of its folder, in key order.
        people: those who may act and decide; None when nobody has been listed, and then no name is called unknown.
        missing: the feature and input files that the truth names and that are not there.
        jobs: for a shared truth, the jobs of its folder; None when it stands alone.
        today: the day (YYYY-MM-DD) by which an authority may have expired; None when that is the run's business.
    """

    shared: tuple[SharedText, ...] = ()
    people: tuple[Person, ...] | None = None
    missing: frozenset[str] = frozenset()
    jobs: tuple[JobHeader, ...] | None = None
    today: str | None = None
