"""The wiring v1: what wiring.yaml may hold, which says for one deployment what serves a truth's suggestors.

No business rules: one truth has many deployments, and none of them may change what must be true. Must never reach a
backend.
"""

import re
from collections.abc import Collection
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from converge_cli import __version__
from converge_cli.core.errors import did_you_mean
from converge_cli.pack.manifest import BUSINESS_RULES, RequiresSection
from converge_cli.pack.version_range import in_range
from converge_cli.truth.findings import Findings
from converge_cli.truth.model_reader import Stranger, read_model
from converge_cli.truth.source import Source
from converge_cli.truth.yaml_source import Node, read_yaml
from converge_cli.truth.yaml_types import Amount, Duration, Names, Positive, Section, Text

FILE = "wiring.yaml"

Backend = Literal["anthropic", "gemini", "local", "ollama", "openai", "perplexity", "scripted"]
Preset = Literal["fast_extraction", "analysis", "synthesis", "deep_research", "deterministic"]
Classification = Literal["public", "internal", "confidential", "restricted"]

_STAYS_HERE = frozenset({"local", "ollama", "scripted"})
_OF_THE_TRUTH = BUSINESS_RULES | {
    "approvals", "authority", "evidence", "exception", "given", "inputs", "intent", "job", "not_by", "outputs", "packs",
    "parameters", "quorum", "requires_approval", "role", "roles", "then",
}  # fmt: skip
_MEANING = frozenset(
    {
        "acceptance", "approval", "approve", "confidence", "constraint", "criteria", "criterion", "forbid", "forbidden",
        "invariant", "must", "rule", "score", "threshold", "weight",
    }
)  # fmt: skip
"""Words of which one in a key is enough to make it a rule of the business: `price_threshold`, `min_confidence`."""


class Requirements(Section, frozen=True):
    """What a backend must have to serve a suggestor; each is a filter, none a wish.

    Attributes:
        capabilities: what it can do, for example `vision` or `web_search`.
        cost: the dearest class that is still allowed.
        latency: the longest answer that is still allowed, such as `20s`.
        context: how many tokens it must take at least.
        structured_output: whether it must answer in a given schema.
        sovereignty: where data may be kept, for example `eu`.
        compliance: rules that it must be certified for, for example `gdpr`.
        offline: whether it must work without a network.
        replayable: whether its answers must be repeatable.
    """

    capabilities: Names | None = None
    cost: Literal["low", "medium", "high"] | None = None
    latency: Duration | None = None
    context: Positive | None = None
    structured_output: bool | None = None
    sovereignty: Names | None = None
    compliance: Names | None = None
    offline: bool | None = None
    replayable: bool | None = None


class SuggestorWiring(Section, frozen=True):
    """What serves one suggestor.

    Attributes:
        requirements: a preset, or what its backend must have one by one.
        backend: the backend itself, instead of any that fits.
    """

    requirements: Preset | Requirements | None = None
    backend: Backend | None = None


class ProvidersSection(Section, frozen=True):
    """Which backends are taken.

    Attributes:
        prefer: these first, in this order, among those that fit.
        exclude: never these.
    """

    prefer: tuple[Backend, ...] = ()
    exclude: tuple[Backend, ...] = ()


class WiringBudget(Section, frozen=True):
    """What a run of this deployment may spend, within the budget of the truth.

    Attributes:
        cycles: cycles in which a suggestor was due.
        facts: promoted facts, seeds included.
        time: active time, such as `90s`, `5m` or `1h`.
        tokens: tokens of models.
        cost_usd: money paid for models.
    """

    cycles: Positive | None = None
    facts: Positive | None = None
    time: Duration | None = None
    tokens: Positive | None = None
    cost_usd: Amount | None = None


class StorageSection(Section, frozen=True):
    """Where runs are recorded.

    Attributes:
        backend: `sqlite` is durable, `memory` is gone with the process.
        path: folder of the store.
    """

    backend: Literal["sqlite", "memory"] | None = None
    path: Text | None = None


class Wiring(Section, frozen=True):
    """What runs where: one deployment of a truth. Rules of the business are refused here.

    Attributes:
        wiring: version of this file's form.
        requires: which versions of Converge it is written for.
        suggestors: name -> what serves it.
        providers: which backends are taken.
        data_classification: how secret the data are; `restricted` never leaves the machine.
        budget: what a run may spend, within the budget of the truth.
        storage: where runs are recorded.
    """

    wiring: Literal["v1"] = "v1"
    requires: RequiresSection | None = None
    suggestors: dict[Annotated[str, Meta(pattern=r"\S")], SuggestorWiring] = msgspec.field(default_factory=dict)
    providers: ProvidersSection = ProvidersSection()
    data_classification: Classification | None = None
    budget: WiringBudget = WiringBudget()
    storage: StorageSection = StorageSection()


def read_wiring(source: Source, findings: Findings, suggestors: Collection[str] | None = None) -> Wiring | None:
    """The wiring of a file, or None after findings that say what is wrong and where.

    Args:
        suggestors: names of those that the truth's packs register; None when they are not known.
    """
    return _read(source, findings, suggestors, for_us=True)


def read_foreign_wiring(source: Source, findings: Findings, suggestors: Collection[str] | None = None) -> Wiring | None:
    """The same, be it written for another version of Converge: whoever runs by it asks `lacks_version`."""
    return _read(source, findings, suggestors, for_us=False)


def lacks_version(wiring: Wiring) -> str | None:
    """The range of versions of Converge that a wiring needs when this is none of them."""
    needed = wiring.requires
    return None if needed is None or in_range(__version__, needed.converge) else needed.converge


def _read(source: Source, findings: Findings, suggestors: Collection[str] | None, *, for_us: bool) -> Wiring | None:
    root = read_yaml(source, findings)
    wiring = read_model(root, Wiring, findings, _business_rule) if root is not None else None
    if root is None or wiring is None:
        return None
    before = len(findings.sorted())
    if for_us:
        _check_version(root, wiring, findings)
    _check_suggestors(root, wiring, suggestors, findings)
    _check_backends(root, wiring, findings)
    return wiring if len(findings.sorted()) == before else None


def _business_rule(key: str) -> Stranger | None:
    words = set(re.split(r"[^a-z]+", key.lower()))
    singular = {word.removesuffix("s") for word in words}
    if key not in _OF_THE_TRUTH and not _MEANING & (words | singular):
        return None
    return Stranger(
        "business-rule-in-wiring",
        f"{key!r} is a business rule: wiring says what runs where, never what must be true",
        "move it to truth.yaml or the feature, which hold for every deployment",
    )


def _check_version(root: Node, wiring: Wiring, findings: Findings) -> None:
    needed = lacks_version(wiring)
    if needed is not None:
        place = root.nearest("requires", "converge").place
        message = f"the wiring needs Converge {needed}; this is {__version__}"
        findings.add("invalid-value", place, message, "update one")


def _check_suggestors(root: Node, wiring: Wiring, suggestors: Collection[str] | None, findings: Findings) -> None:
    section = root.nearest("suggestors")
    for name, wired in wiring.suggestors.items():
        if wired in {SuggestorWiring(), SuggestorWiring(Requirements())}:
            findings.add(
                "missing-key", section.keys[name], f"nothing is said of {name}", "add requirements: or backend:"
            )
        if suggestors is not None and name not in suggestors:
            fix = did_you_mean(name, suggestors) or f"they are {', '.join(sorted(suggestors))}"
            findings.add("undefined-check", section.keys[name], f"the truth has no suggestor {name}", fix)


def _check_backends(root: Node, wiring: Wiring, findings: Findings) -> None:
    """A backend that could never be taken is a mistake of the file, not something to find out when it is needed."""
    named: list[tuple[tuple[str | int, ...], Backend | None]] = [
        *((("suggestors", name, "backend"), wired.backend) for name, wired in wiring.suggestors.items()),
        *((("providers", "prefer", number), backend) for number, backend in enumerate(wiring.providers.prefer)),
    ]
    for path, backend in named:
        place = root.nearest(*path).place
        if backend in wiring.providers.exclude:
            findings.add("invalid-value", place, f"{backend} is excluded by this file", "take it out of one of the two")
        elif backend is not None and wiring.data_classification == "restricted" and backend not in _STAYS_HERE:
            message = f"restricted data never leave the machine, and {backend} is elsewhere"
            findings.add("invalid-value", place, message, f"take one of {', '.join(sorted(_STAYS_HERE))}")
