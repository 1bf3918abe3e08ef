"""The sections that a contract is made of, as models. Knows no step and no pack."""

from typing import Annotated, Literal

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
    Positive,
    Section,
    Sentences,
    Share,
    Text,
)

_DEFAULT = Budget()


class Guarded(Section, frozen=True):
    """A clause with the check that keeps it, or the reason why it has none.

    Attributes:
        id: names it.
        text: what it says, as people read it.
        guarded_by: id of the invariant, validation, constraint or criterion that keeps it.
        deferred: why there is no check, when there is none.
    """

    id: ClauseId
    text: Text
    guarded_by: ClauseId | None = None
    deferred: Text | None = None


class JobSection(Section, frozen=True):
    """Jobs to be done: who wants what, why, and how it could go wrong.

    Attributes:
        actor: who has the job.
        functional: what they want done.
        so_that: why they want it.
        failure_modes: how it could go wrong, each with the check that keeps it from happening.
    """

    actor: Text
    functional: Text
    so_that: Text | None = None
    failure_modes: tuple[Guarded, ...] = ()


class IntentSection(Section, frozen=True):
    """What comes of it.

    Attributes:
        outcome: what there is afterwards.
        goal: the aim behind it.
    """

    outcome: Text
    goal: Text | None = None


class AuthoritySection(Section, frozen=True):
    """On whose authority, within which limits, until when.

    Attributes:
        actor: person for whom gates are asked, unless a run names another with --as.
        must_not: what may never be done, each with its check.
        requires_approval: approval points without whose yes nothing that they approve becomes a fact.
        expires: last day (YYYY-MM-DD) on which a run may start.
    """

    actor: Name | None = None
    must_not: tuple[Guarded, ...] = ()
    requires_approval: tuple[ClauseId, ...] = ()
    expires: Date | None = None


class EvidenceItem(Section, frozen=True):
    """One piece of evidence that must exist.

    Attributes:
        id: names it; with satisfied_by it is a required criterion of this id.
        text: what it shows.
        satisfied_by: the facts that are the evidence, `any fact under key ...`.
        guarded_by: id of the check that stands for it instead.
        deferred: why there is no check, when there is none.
    """

    id: ClauseId
    text: Text | None = None
    satisfied_by: Text | None = None
    guarded_by: ClauseId | None = None
    deferred: Text | None = None


class EvidenceSection(Section, frozen=True):
    """What must be shown.

    Attributes:
        requires: what must be there at the end.
    """

    requires: Annotated[tuple[EvidenceItem, ...], Meta(min_length=1)]


class ExceptionSection(Section, frozen=True):
    """Who is asked when the one who should decide does not.

    Attributes:
        escalates_to: role that a timed-out request goes to when its action is escalate.
    """

    escalates_to: Name


class InputSection(Section, frozen=True, kw_only=True):
    """A real file, or a folder of files, that becomes Seeds.

    Attributes:
        file: file or folder, relative to truth.yaml; without it the input is given at run.
        kind: kind of the facts that it becomes.
        id: id of a fact; {column} takes the row's cell.
        shape: a fact per row, one table of all rows, one text, or one record; by default rows, or text for kind text.
        required: false when it may be absent.
        each: the list inside each JSON or YAML record whose items are the rows, with the record's other values.
    """

    file: Text | None = None
    kind: Name = "text"
    id: Text
    shape: Literal["rows", "table", "text", "record"] | None = msgspec.field(default=None, name="as")
    required: bool = True
    each: Text | None = None


class BudgetSection(Section, frozen=True):
    """Limits of a run.

    Attributes:
        cycles: cycles in which a suggestor was due.
        facts: promoted facts, seeds included.
        time: active time such as 90s, 5m, 1h or 2d, or seconds; waiting for a person is free. 300 s by default.
        tokens: tokens charged by suggestors that call models; no limit by default.
        cost_usd: money charged likewise; no limit by default.
    """

    cycles: Positive = _DEFAULT.cycles
    facts: Positive = _DEFAULT.facts
    time: Duration = _DEFAULT.time
    tokens: Positive | None = None
    cost_usd: Amount | None = None


class HitlCondition(Section, frozen=True):
    """Which proposals wait for a person.

    Attributes:
        key: proposals under this context key.
        kind: proposals of this kind.
        suggestor: proposals by this suggestor.
        confidence_at_most: proposals that are no more confident than this, 0 to 1.
    """

    key: Text | None = None
    kind: Name | None = None
    suggestor: Text | None = None
    confidence_at_most: Share | None = None


class HitlItem(Section, frozen=True):
    """A human-in-the-loop rule.

    Attributes:
        when: every condition given must hold.
        point: the approval point that the proposals wait for.
    """

    when: HitlCondition
    point: ClauseId


class ConstraintItem(Section, frozen=True, kw_only=True):
    """A rule of the business on facts or proposals.

    Attributes:
        id: names it.
        severity: hard rejects proposals and is an invariant on facts; soft warns.
        description: what it says; by default its checks.
        given: steps that select what is judged.
        then: steps that judge.
    """

    id: ClauseId
    severity: Literal["hard", "soft"]
    description: Text | None = None
    given: Sentences = ()
    then: Annotated[tuple[Text, ...], Meta(min_length=1)]


class TimeoutSection(Section, frozen=True):
    """What happens when nobody decides.

    Attributes:
        after: how long a request waits, such as 2d.
        action: what happens then.
    """

    after: Duration
    action: Literal["reject", "escalate"] = "reject"


class ApprovalPointItem(Section, frozen=True):
    """Who decides what.

    Attributes:
        id: names it.
        role: role of those who decide.
        approves: the proposals that it decides on, `any proposal under key ...`.
        modes: how a decision may come in.
        not_by: who may not decide: principal, or fields of the proposal that hold a person's id.
        quorum: how many different people must say yes; one no ends it.
        timeout: what happens when nobody decides; by default it waits.
    """

    id: ClauseId
    role: Name
    approves: Text
    modes: Annotated[tuple[Mode, ...], Meta(min_length=1)] = ("interactive",)
    not_by: tuple[Text, ...] = ()
    quorum: Annotated[int, Meta(ge=1, le=100)] = 1
    timeout: TimeoutSection | None = None


class CriterionItem(Section, frozen=True, kw_only=True):
    """A test of success.

    Attributes:
        id: names it.
        description: what it means; the headline of what is asked of people.
        required: false when a run may end without it.
        blocked_by: approval points whose pending requests make it blocked instead of unmet.
        given: steps that select what is judged.
        then: steps that judge.
    """

    id: ClauseId
    description: Text
    required: bool = True
    blocked_by: tuple[ClauseId, ...] = ()
    given: Sentences = ()
    then: Annotated[tuple[Text, ...], Meta(min_length=1)]
