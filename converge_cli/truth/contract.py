"""The YAML contract v1 as models: which keys there are and what they may hold. Knows no step and no pack."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from converge_cli.core.approval import Mode
from converge_cli.core.budget import Budget
from converge_cli.truth.yaml_types import (
    Amount,
    ClauseId,
    Date,
    Duration,
    Name,
    Names,
    Positive,
    Section,
    Sentences,
    Share,
    Text,
    spelled,
)

_DEFAULT = Budget()

Key = Annotated[str, spelled(r"^[a-z0-9]+(-[a-z0-9]+)*$", "small letters, digits and single dashes between them")]


class Guarded(Section, frozen=True):
    """A clause with the check that keeps it, or the reason why it has none."""

    id: ClauseId
    text: Text
    guarded_by: ClauseId | None = None
    deferred: Text | None = None


class JobSection(Section, frozen=True):
    """Jobs to be done: who wants what, why, and how it could go wrong."""

    actor: Text
    functional: Text
    so_that: Text | None = None
    failure_modes: tuple[Guarded, ...] = ()


class IntentSection(Section, frozen=True):
    """What comes of it."""

    outcome: Text
    goal: Text | None = None


class AuthoritySection(Section, frozen=True):
    """On whose authority, within which limits, until when."""

    actor: Name | None = None
    must_not: tuple[Guarded, ...] = ()
    requires_approval: tuple[ClauseId, ...] = ()
    expires: Date | None = None


class EvidenceItem(Section, frozen=True):
    """One piece of evidence that must exist."""

    id: ClauseId
    text: Text | None = None
    satisfied_by: Text | None = None
    guarded_by: ClauseId | None = None
    deferred: Text | None = None


class EvidenceSection(Section, frozen=True):
    """What must be shown."""

    requires: Annotated[tuple[EvidenceItem, ...], Meta(min_length=1)]


class ExceptionSection(Section, frozen=True):
    """Who is asked when the one who should decide does not."""

    escalates_to: Name


class InputSection(Section, frozen=True, kw_only=True):
    """A real file that becomes Seeds."""

    file: Text | None = None
    kind: Name = "text"
    id: Text
    shape: Literal["rows", "table", "text", "record"] | None = msgspec.field(default=None, name="as")
    required: bool = True


class BudgetSection(Section, frozen=True):
    """Limits of a run."""

    cycles: Positive = _DEFAULT.cycles
    facts: Positive = _DEFAULT.facts
    time: Duration = _DEFAULT.time
    tokens: Positive | None = None
    cost_usd: Amount | None = None


class HitlCondition(Section, frozen=True):
    """Which proposals wait for a person."""

    key: Text | None = None
    kind: Name | None = None
    suggestor: Text | None = None
    confidence_at_most: Share | None = None


class HitlItem(Section, frozen=True):
    """A human-in-the-loop rule."""

    when: HitlCondition
    point: ClauseId


class ConstraintItem(Section, frozen=True, kw_only=True):
    """A rule of the business on facts or proposals."""

    id: ClauseId
    severity: Literal["hard", "soft"]
    description: Text | None = None
    given: Sentences = ()
    then: Annotated[tuple[Text, ...], Meta(min_length=1)]


class TimeoutSection(Section, frozen=True):
    """What happens when nobody decides."""

    after: Duration
    action: Literal["reject", "escalate"] = "reject"


class ApprovalPointItem(Section, frozen=True):
    """Who decides what."""

    id: ClauseId
    role: Name
    approves: Text
    modes: Annotated[tuple[Mode, ...], Meta(min_length=1)] = ("interactive",)
    not_by: tuple[Text, ...] = ()
    quorum: Annotated[int, Meta(ge=1, le=100)] = 1
    timeout: TimeoutSection | None = None


class CriterionItem(Section, frozen=True, kw_only=True):
    """A test of success."""

    id: ClauseId
    description: Text
    required: bool = True
    blocked_by: tuple[ClauseId, ...] = ()
    given: Sentences = ()
    then: Annotated[tuple[Text, ...], Meta(min_length=1)]


class Contract(Section, frozen=True, kw_only=True):
    """A truth.yaml of kind job."""

    truth: Literal["v1"]
    key: Key
    kind: Literal["job"]
    title: Text
    job: JobSection | None = None
    intent: IntentSection | None = None
    authority: AuthoritySection = AuthoritySection()
    evidence: EvidenceSection | None = None
    exception: ExceptionSection | None = None
    packs: Names
    parameters: dict[str, dict[str, Any]] = msgspec.field(default_factory=dict)
    inputs: dict[ClauseId, InputSection] = msgspec.field(default_factory=dict)
    budget: BudgetSection = BudgetSection()
    features: tuple[Text, ...] | None = None
    hitl: tuple[HitlItem, ...] = ()
    constraints: tuple[ConstraintItem, ...] = ()
    approval_points: tuple[ApprovalPointItem, ...] = ()
    success_criteria: tuple[CriterionItem, ...]
    outputs: dict[ClauseId, Text] = msgspec.field(default_factory=dict)


class SharedAuthority(Section, frozen=True):
    """Limits and required approvals of every job that the truth is merged into."""

    must_not: tuple[Guarded, ...] = ()
    requires_approval: tuple[ClauseId, ...] = ()


class SharedContract(Section, frozen=True, kw_only=True):
    """What policy and invariant truths may hold: it is merged into jobs of their truths/ folder."""

    truth: Literal["v1"]
    key: Key
    title: Text
    authority: SharedAuthority = SharedAuthority()
    features: tuple[Text, ...] | None = None
    hitl: tuple[HitlItem, ...] = ()
    constraints: tuple[ConstraintItem, ...] = ()
    approval_points: tuple[ApprovalPointItem, ...] = ()


class PolicyContract(SharedContract, frozen=True, kw_only=True):
    """A truth.yaml of kind policy: `applies_to` are keys of jobs, or `*` for every job of its folder."""

    kind: Literal["policy"]
    applies_to: Annotated[tuple[Text, ...], Meta(min_length=1)]


class InvariantContract(SharedContract, frozen=True, kw_only=True):
    """A truth.yaml of kind invariant: it holds in every job of its folder that lists the pack."""

    kind: Literal["invariant"]
    pack: Name
