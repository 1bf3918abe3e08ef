"""The YAML contracts v1 as models, one for each kind of truth: which keys there are. Knows no step and no pack."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from converge_cli.truth.contract_sections import (
    ApprovalPointItem,
    AuthoritySection,
    BudgetSection,
    ConstraintItem,
    CriterionItem,
    EvidenceSection,
    ExceptionSection,
    Guarded,
    HitlItem,
    InputSection,
    IntentSection,
    JobSection,
)
from converge_cli.truth.yaml_types import ClauseId, Name, Names, Section, Text, spelled

Key = Annotated[str, spelled(r"^[a-z0-9]+(-[a-z0-9]+)*$", "small letters, digits and single dashes between them")]


class Contract(Section, frozen=True, kw_only=True):
    """A truth.yaml of kind job.

    Attributes:
        truth: version of the contract's form.
        key: names the truth; in truths/ it equals the folder's name.
        kind: what sort of truth it is.
        title: what will be true; shown everywhere.
        job: who wants it, what and why.
        intent: what comes of it.
        authority: on whose authority, within which limits.
        evidence: what must be shown.
        exception: who is asked instead.
        packs: whose suggestors run, in order of registration.
        parameters: pack -> what it may be told, in the form of the pack's model.
        inputs: name -> a file that becomes seeds.
        budget: limits of a run.
        features: feature files; by default <key>.feature beside truth.yaml, then in features/. [] for none.
        hitl: which proposals wait for a person.
        constraints: rules of the business on facts and proposals.
        approval_points: who decides what.
        success_criteria: tests of success; at least one is required.
        outputs: name -> the facts that a run hands out, `any fact under key ...`.
    """

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
    """Limits and required approvals of every job that the truth is merged into.

    Attributes:
        must_not: what may never be done, each with its check.
        requires_approval: approval points without whose yes nothing that they approve becomes a fact.
    """

    must_not: tuple[Guarded, ...] = ()
    requires_approval: tuple[ClauseId, ...] = ()


class SharedContract(Section, frozen=True, kw_only=True):
    """What policy and invariant truths may hold: it is merged into jobs of their truths/ folder.

    Attributes:
        truth: version of the contract's form.
        key: names the truth; in truths/ it equals the folder's name.
        title: what will be true; shown everywhere.
        authority: limits and required approvals.
        features: feature files; by default <key>.feature beside truth.yaml, then in features/. [] for none.
        hitl: which proposals wait for a person.
        constraints: rules of the business on facts and proposals.
        approval_points: who decides what.
    """

    truth: Literal["v1"]
    key: Key
    title: Text
    authority: SharedAuthority = SharedAuthority()
    features: tuple[Text, ...] | None = None
    hitl: tuple[HitlItem, ...] = ()
    constraints: tuple[ConstraintItem, ...] = ()
    approval_points: tuple[ApprovalPointItem, ...] = ()


class PolicyContract(SharedContract, frozen=True, kw_only=True):
    """A truth.yaml of kind policy: `applies_to` are keys of jobs, or `*` for every job of its folder.

    Attributes:
        kind: what sort of truth it is.
        applies_to: keys of jobs; "*" for every job of its folder.
    """

    kind: Literal["policy"]
    applies_to: Annotated[tuple[Text, ...], Meta(min_length=1)]


class InvariantContract(SharedContract, frozen=True, kw_only=True):
    """A truth.yaml of kind invariant: it holds in every job of its folder that lists the pack.

    Attributes:
        kind: what sort of truth it is.
        pack: the pack whose jobs it holds in.
    """

    kind: Literal["invariant"]
    pack: Name
