"""Builds the question that policy is asked about a proposal: base request plus what decided approvals grant."""

from decimal import Context, Decimal, Inexact
from typing import Any

from converge_cli.core.flow_gate import (
    COMMITMENT_TYPE,
    HUMAN_APPROVAL,
    ContextValue,
    FlowGateDecision,
    FlowGateInput,
    FlowQuestion,
    Principal,
    Resource,
    granted,
)
from converge_cli.core.ids import slug
from converge_cli.core.pack_spec import ContextField, GateSpec
from converge_cli.core.passing import is_passed, passed_subject
from converge_cli.core.person import Person
from converge_cli.core.selector import selector
from converge_cli.engine.candidate import Candidate, Held
from converge_cli.engine.fields import ABSENT, lookup
from converge_cli.engine.recording import words_of
from converge_cli.engine.run import Run

_MAX_AMOUNT = 2**63 - 1
_MINOR_PLACES = 2
_DECIMAL_PLACES = 4
_EXACT = Context(prec=1000, traps=[Inexact])


class UnaskableError(Exception):
    """The request can't be built from this proposal, so it is refused."""


def gates_of(run: Run, candidate: Candidate) -> list[GateSpec]:
    """The gates that ask about a proposal, in the order in which the packs declare them."""
    return [gate for gate in run.job.gates if _asks(gate, candidate)]


def ask(run: Run, gate: GateSpec, held: Held) -> tuple[FlowGateInput | None, FlowGateDecision]:
    """Ask policy; whatever prevents an answer is a refusal (law 8)."""
    if run.setting.gate is None:
        return None, _refusal("no policy is loaded for this gate")
    try:
        question = _question(run, gate, held)
    except UnaskableError as error:
        return None, _refusal(str(error))
    try:
        decision = run.setting.gate.decide(question)
    except Exception as error:  # noqa: BLE001  an adapter that breaks its promise is a refusal, never a promotion
        return question.request, _refusal(words_of(error))
    return question.request, _checked(decision, question)


def resource_of(gate: GateSpec, candidate: Candidate) -> str:
    """The id of the resource that a proposal is about; "" when the field is absent."""
    value = lookup(candidate.payload, gate.resource_id)
    return "" if value is ABSENT or value is None else str(value)


def passed_by(run: Run, resource: str) -> tuple[str, ...]:
    """The gates that a resource has passed, by current `passed:<gate>:<resource>` facts under Evaluations."""
    name = slug(resource)
    return tuple(gate for gate in _passable(run) if is_passed(run.context, gate, name))


def rests_on(run: Run, candidate: Candidate) -> tuple[str, ...]:
    """The subjects of the passed gates that requests about a proposal are built from."""
    names = {slug(resource_of(gate, candidate)) for gate in gates_of(run, candidate)}
    return tuple(passed_subject(gate, name) for name in sorted(names) for gate in _passable(run))


def _passable(run: Run) -> list[str]:
    """Only a gate that a pack requires can be passed, so nothing else needs looking for."""
    return sorted({gate for item in run.job.gates for gate in item.requires})


def _asks(gate: GateSpec, candidate: Candidate) -> bool:
    which = selector(gate.on)
    if which.key != candidate.key or not which.matches(candidate.subject):
        return False
    said = ((lookup(candidate.payload, field), wanted) for field, wanted in gate.when.items())
    # Fail closed: a proposal that leaves the field out asks, too.
    return all(value is ABSENT or value is None or str(value) == wanted for value, wanted in said)


def _question(run: Run, gate: GateSpec, held: Held) -> FlowQuestion:
    candidate = held.candidate
    resource = resource_of(gate, candidate)
    if not resource:
        raise UnaskableError(f"field {gate.resource_id}, which names the resource, is absent")
    context: dict[str, ContextValue] = {COMMITMENT_TYPE: gate.resource_kind, HUMAN_APPROVAL: False}
    for name, field in gate.context.items():
        context[name] = _context_value(name, field, candidate)
    base = FlowGateInput(
        principal=_principal(run, gate, held),
        resource=Resource(resource, gate.resource_kind, gate.resource_phase, passed_by(run, resource)),
        action=gate.action,
        context=context,
    )
    given = [point for point in gate.approvals if is_approved(run, held, point)]
    declared = [point for point in gate.approvals if run.job.point(point) is not None and point not in given]
    return FlowQuestion(
        pack=gate.pack,
        request=granted(base, gate.requires, tuple(gate.approvals[point] for point in given)),
        requires=gate.requires,
        grants={point: gate.approvals[point] for point in declared},
        people=run.setting.people,
    )


def is_approved(run: Run, held: Held, point: str) -> bool:
    """Whether the point said yes to exactly this proposal, and that approval is not spent."""
    asked = run.requests.get(held.requests.get(point, ""))
    return asked is not None and asked.status == "approved" and asked.request.digest == held.candidate.digest(point)


def authority_approver(run: Run, held: Held) -> Person | None:
    """The person who answered an authority request on this proposal with yes."""
    for point in held.requests:
        if point.startswith("authority_") and is_approved(run, held, point):
            asked = run.requests[held.requests[point]]
            return run.setting.people.get(asked.approvals[-1].by)
    return None


def principal_of(run: Run, gate: GateSpec, candidate: Candidate) -> str | None:
    """The id of the person for whom a gate is asked."""
    if gate.principal == "run":
        return run.setting.principal
    value = lookup(candidate.payload, gate.principal)
    return value if isinstance(value, str) else None


def _principal(run: Run, gate: GateSpec, held: Held) -> Principal:
    person = authority_approver(run, held)
    if person is None:
        name = principal_of(run, gate, held.candidate)
        person = run.setting.people.get(name or "")
        if person is None:
            raise UnaskableError(f"the principal {name or '(none)'} is not among the people")
    return Principal(person.id, person.authority, person.domains)


def _context_value(name: str, field: ContextField, candidate: Candidate) -> ContextValue:
    value: Any = lookup(candidate.payload, field.field)
    if field.type == "money" and isinstance(value, int | Decimal) and not isinstance(value, bool):
        minor = in_minor_units(Decimal(value))
        if minor is not None and abs(minor) <= _MAX_AMOUNT:
            return minor
    elif field.type == "integer" and isinstance(value, int) and not isinstance(value, bool):
        if abs(value) <= _MAX_AMOUNT:
            return value
    elif field.type == "decimal" and isinstance(value, int | Decimal) and not isinstance(value, bool):
        said = in_decimals(Decimal(value))
        if said is not None:
            return said
    elif (field.type == "text" and isinstance(value, str)) or (field.type == "boolean" and isinstance(value, bool)):
        return value
    raise UnaskableError(f"{name}: field {field.field} is absent or can't be stated as {field.type}")


def in_minor_units(amount: Decimal) -> int | None:
    """An amount in hundredths, exactly; None when it has no exact number of them, or is beyond any amount."""
    return _shifted(amount, _MINOR_PLACES)


def in_decimals(number: Decimal) -> str | None:
    """A number as policy takes a decimal, `0.875`; None when it is not exact in four decimals, or is too large."""
    units = _shifted(number, _DECIMAL_PLACES)
    if units is None or abs(units) > _MAX_AMOUNT:
        return None
    whole, _, rest = f"{Decimal(units).scaleb(-_DECIMAL_PLACES, _EXACT):f}".partition(".")
    return f"{whole}.{rest.rstrip('0') or '0'}"


def _shifted(number: Decimal, places: int) -> int | None:
    if not number.is_finite() or number.adjusted() > 40:
        return None
    try:
        shifted = number.scaleb(places, _EXACT)
    except Inexact:
        return None
    return int(shifted) if shifted == shifted.to_integral_value() else None


def _checked(decision: Any, question: FlowQuestion) -> FlowGateDecision:
    """An ESCALATE must name what could be granted, else nobody could ever be asked."""
    if not isinstance(decision, FlowGateDecision):
        return _refusal("the gate gave no decision")
    if decision.outcome != "ESCALATE":
        return decision
    unknown = set(decision.approvals) - set(question.grants)
    if unknown or not (decision.approvals or decision.authority):
        return _refusal(f"the gate asks for approvals that can't be given: {', '.join(sorted(unknown)) or 'none'}")
    return decision


def _refusal(detail: str) -> FlowGateDecision:
    return FlowGateDecision(outcome="REJECT", source="error", detail=detail)
