"""The YAML contract v1 as models: which keys there are and what they may hold. Knows no step and no pack."""

import re
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from converge_cli.core.approval import Mode
from converge_cli.core.budget import Budget

_DURATION = re.compile(r"([0-9]+(?:\.[0-9]+)?) ?(s|m|h|d)")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_DEFAULT = Budget()


def seconds(value: Any) -> Decimal:
    """Seconds of a duration such as `90s`, `5m`, `1h`, `2d`, or of a bare number of seconds.

    Raises:
        ValueError: it is no positive duration.
    """
    number: Decimal | None = None
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        number = Decimal(value)
    elif isinstance(value, str) and (match := _DURATION.fullmatch(value)):
        number = Decimal(match[1]) * _SECONDS[match[2]]
    if number is None or not 0 < number <= 10**10:
        msg = "write a positive duration such as 90s, 5m, 1h or 2d"
        raise ValueError(msg)
    return number


def _decimal(value: Any) -> Any:
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return Decimal(value)
    msg = "write a number"
    raise ValueError(msg)


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _said(value: str) -> str:
    if not value.strip():
        # The same sentence as for an empty text: blanks say as little.
        raise PydanticCustomError("string_too_short", "blank")
    return value


Text = Annotated[str, Field(min_length=1), AfterValidator(_said)]
ClauseId = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
Number = Annotated[Decimal, BeforeValidator(_decimal)]
Duration = Annotated[Decimal, BeforeValidator(seconds)]
Positive = Annotated[int, Field(ge=1, le=10**12)]
Sentences = Annotated[list[Text], BeforeValidator(_as_list)]
SeveralNames = Annotated[list[Name], Field(min_length=1)]


class Section(BaseModel):
    """Base of every mapping of the contract: unknown keys are errors, nothing is coerced."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, defer_build=True)


class Guarded(Section):
    """A clause with the check that keeps it, or the reason why it has none."""

    id: ClauseId
    text: Text
    guarded_by: ClauseId | None = None
    deferred: Text | None = None


class JobSection(Section):
    """Jobs to be done: who wants what, why, and how it could go wrong."""

    actor: Text
    functional: Text
    so_that: Text | None = None
    failure_modes: list[Guarded] = []


class IntentSection(Section):
    """What comes of it."""

    outcome: Text
    goal: Text | None = None


class AuthoritySection(Section):
    """On whose authority, within which limits, until when."""

    actor: Name | None = None
    must_not: list[Guarded] = []
    requires_approval: list[ClauseId] = []
    expires: Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")] | None = None


class EvidenceItem(Section):
    """One piece of evidence that must exist."""

    id: ClauseId
    text: Text | None = None
    satisfied_by: Text | None = None
    guarded_by: ClauseId | None = None
    deferred: Text | None = None


class EvidenceSection(Section):
    """What must be shown."""

    requires: Annotated[list[EvidenceItem], Field(min_length=1)]


class ExceptionSection(Section):
    """Who is asked when the one who should decide does not."""

    escalates_to: Name


class InputSection(Section):
    """A real file that becomes Seeds."""

    file: Text | None = None
    kind: Name = "text"
    id: Text
    shape: Annotated[Literal["rows", "table", "text", "record"] | None, Field(alias="as")] = None
    required: bool = True


class BudgetSection(Section):
    """Limits of a run."""

    cycles: Positive = _DEFAULT.cycles
    facts: Positive = _DEFAULT.facts
    time: Duration = _DEFAULT.time
    tokens: Positive | None = None
    cost_usd: Annotated[Number, Field(gt=0)] | None = None


class HitlCondition(Section):
    """Which proposals wait for a person."""

    key: Text | None = None
    kind: Name | None = None
    suggestor: Text | None = None
    confidence_at_most: Annotated[Number, Field(ge=0, le=1)] | None = None


class HitlItem(Section):
    """A human-in-the-loop rule."""

    when: HitlCondition
    point: ClauseId


class ConstraintItem(Section):
    """A rule of the business on facts or proposals."""

    id: ClauseId
    severity: Literal["hard", "soft"]
    description: Text | None = None
    given: Sentences = []
    then: Annotated[list[Text], Field(min_length=1)]


class TimeoutSection(Section):
    """What happens when nobody decides."""

    after: Duration
    action: Literal["reject", "escalate"] = "reject"


class ApprovalPointItem(Section):
    """Who decides what."""

    id: ClauseId
    role: Name
    approves: Text
    modes: Annotated[list[Mode], Field(min_length=1)] = ["interactive"]
    not_by: list[Text] = []
    quorum: Annotated[int, Field(ge=1, le=100)] = 1
    timeout: TimeoutSection | None = None


class CriterionItem(Section):
    """A test of success."""

    id: ClauseId
    description: Text
    required: bool = True
    blocked_by: list[ClauseId] = []
    given: Sentences = []
    then: Annotated[list[Text], Field(min_length=1)]


class Contract(Section):
    """A truth.yaml of kind job."""

    truth: Literal["v1"]
    key: Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
    kind: Literal["job"]
    title: Text
    job: JobSection | None = None
    intent: IntentSection | None = None
    authority: AuthoritySection = AuthoritySection()
    evidence: EvidenceSection | None = None
    exception: ExceptionSection | None = None
    packs: SeveralNames
    parameters: dict[str, dict[str, Any]] = {}
    inputs: dict[ClauseId, InputSection] = {}
    budget: BudgetSection = BudgetSection()
    features: list[Text] | None = None
    hitl: list[HitlItem] = []
    constraints: list[ConstraintItem] = []
    approval_points: list[ApprovalPointItem] = []
    success_criteria: list[CriterionItem]
    outputs: dict[ClauseId, Text] = {}
