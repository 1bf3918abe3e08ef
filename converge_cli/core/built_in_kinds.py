"""Kinds that nobody declares: those of every job, and those that only the engine writes."""

from collections.abc import Mapping
from functools import cache
from typing import Literal

from converge_cli.core.fact import FactModel
from converge_cli.core.kind import Kind


class Text(FactModel, frozen=True):
    """Built-in kind `text`: what `--seed` and text inputs hold."""

    text: str


class Passed(FactModel, frozen=True, omit_defaults=True):
    """Built-in kind `passed`: gate `gate` of resource `resource` is passed, by what was found.

    Attributes:
        holds: false in a correction which says that the gate is passed no longer.
    """

    gate: str
    resource: str
    reason: str
    holds: bool = True


class ApprovalNote(FactModel, frozen=True):
    """Engine-owned kind `approval`: what people decided on one request, written once."""

    point: str
    subject: str
    digest: str
    decision: Literal["approved", "rejected"]
    by: tuple[str, ...]
    role: str


class ViolationNote(FactModel, frozen=True):
    """Engine-owned kind `violation`: a semantic invariant that does not hold (VIOLATED), or does again (RESOLVED)."""

    invariant: str
    code: str
    facts: tuple[str, ...]


class DeniedNote(FactModel, frozen=True):
    """Engine-owned kind `denied`: a proposal that a gate or a person refused, and what refused it."""

    subject: str
    cause: Literal["denied", "rejected", "resolved"]
    by: tuple[str, ...]


class RejectedNote(FactModel, frozen=True):
    """Engine-owned kind `rejected`: a proposal that failed a check of the promotion gate; RESOLVED once it passed."""

    subject: str
    code: str
    suggestor: str


class FailureNote(FactModel, frozen=True):
    """Engine-owned kind `failure`: a suggestor that raised, timed out or had no backend; RESOLVED when it ran again."""

    suggestor: str
    code: str


ENGINE_MODELS: Mapping[str, type[FactModel]] = {
    "approval": ApprovalNote,
    "violation": ViolationNote,
    "denied": DeniedNote,
    "rejected": RejectedNote,
    "failure": FailureNote,
}
"""Kinds that only the engine writes, under Diagnostic."""

BUILT_IN_MODELS: Mapping[str, type[FactModel]] = {"text": Text, "passed": Passed}
"""Kinds that every job has without declaring them."""

RESERVED_KINDS = frozenset(ENGINE_MODELS) | frozenset(BUILT_IN_MODELS)


@cache
def reserved_kinds() -> Mapping[str, Kind]:
    """The kinds that no pack declares, ready to parse: the built-in ones and those that only the engine writes."""
    return {name: Kind(name, model) for name, model in {**BUILT_IN_MODELS, **ENGINE_MODELS}.items()}
