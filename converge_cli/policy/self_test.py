"""Whether the Cedar engine that is installed does what our refusals rest on.

Runs once per process before the first decision, and in `converge doctor`. Must never be skipped: an engine that
fails it decides nothing.
"""

import re
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any, NamedTuple

PANIC = "PanicException"
"""How a panic of the Rust engine is called; it is not an Exception."""

OLDEST = (4, 12, 2)
"""The oldest release of cedarpy that was found to answer as we rely on."""

SCHEMA = """
entity Group;
entity Person in [Group] { tags: Set<String> };
entity Thing;
action use, look appliesTo { principal: [Person], resource: [Thing], context: { amount: Long, ok: Bool } };
"""

POLICIES = """
@id("condition") permit (principal, action == Action::"use", resource) when { context.amount <= 10 && context.ok };
@id("set") permit (principal, action == Action::"use", resource)
  when { principal.tags.containsAll(["a", "b"]) && context.amount == 20 };
@id("hierarchy") permit (principal in Group::"staff", action == Action::"look", resource);
@id("forbid") forbid (principal, action, resource) when { context.amount == 3 };
@id("unless") forbid (principal, action, resource) when { context.amount == 4 } unless { context.ok };
@id("overflow") forbid (principal, action == Action::"use", resource) when { context.amount * 2 == 7 };
"""

_MAX = 2**63 - 1


class Case(NamedTuple):
    """A request and what Cedar must make of it; `decision` is None when any refusal with an error will do."""

    name: str
    context: dict[str, Any]
    decision: str | None
    rules: frozenset[str] = frozenset()
    action: str = "use"
    tags: tuple[str, ...] = ("a",)
    groups: tuple[str, ...] = ()


CASES = (
    Case("a condition that holds permits", {"amount": 10, "ok": True}, "Allow", frozenset({"condition"})),
    Case("a condition that does not hold permits nothing", {"amount": 11, "ok": True}, "Deny"),
    Case("a false boolean permits nothing", {"amount": 10, "ok": False}, "Deny"),
    Case("a forbid beats a permit", {"amount": 3, "ok": True}, "Deny", frozenset({"forbid"})),
    Case("a forbid binds without its unless", {"amount": 4, "ok": False}, "Deny", frozenset({"unless"})),
    Case("unless lifts a forbid", {"amount": 4, "ok": True}, "Allow", frozenset({"condition"})),
    Case("a set holds all", {"amount": 20, "ok": True}, "Allow", frozenset({"set"}), tags=("b", "a", "c")),
    Case("a set holds not all", {"amount": 20, "ok": True}, "Deny", tags=("a", "c")),
    Case(
        "a group's member is in it",
        {"amount": 0, "ok": False},
        "Allow",
        frozenset({"hierarchy"}),
        action="look",
        groups=("staff",),
    ),
    Case("another group's member is not", {"amount": 0, "ok": False}, "Deny", action="look", groups=("guests",)),
    Case("an overflow is reported", {"amount": _MAX, "ok": True}, None),
    Case("a missing attribute is reported", {"ok": True}, None),
    Case("a null is reported", {"amount": None, "ok": True}, None),
    Case("a float is reported", {"amount": 1.5, "ok": True}, None),
    Case("text for a number is reported", {"amount": "1", "ok": True}, None),
    Case("an integer beyond 64 bits is reported", {"amount": _MAX + 1, "ok": True}, None),
    Case("an unknown action is reported", {"amount": 1, "ok": True}, None, action="bogus"),
)


def self_test() -> list[str]:
    """What is wrong with the Cedar engine of this process; nothing, if it may decide."""
    return list(_once())


@lru_cache(maxsize=1)
def _once() -> tuple[str, ...]:
    try:
        import cedarpy  # noqa: PLC0415  only who decides or asks the doctor pays for the engine
    except ImportError as error:
        return (f"the Cedar engine can't be imported: {error}",)
    except Exception as error:  # noqa: BLE001  whatever happens at its import, it may not decide
        return (f"the Cedar engine can't be imported: {type(error).__name__}: {error}",)
    return (*_version_problems(), *problems_of(cedarpy))


def _version_problems() -> tuple[str, ...]:
    needed = ".".join(map(str, OLDEST))
    try:
        found = version("cedarpy")
    except PackageNotFoundError:
        return (f"what is imported as cedarpy is not an installed cedarpy {needed} or newer",)
    return () if version_fits(found) else (f"cedarpy {found} is installed; {needed} or newer is needed",)


def version_fits(found: str) -> bool:
    """Whether a release of cedarpy is new enough."""
    return tuple(int(part) for part in re.findall(r"\d+", found)[:3]) >= OLDEST


def problems_of(cedar: Any) -> tuple[str, ...]:
    """The problems of an engine with the interface of cedarpy."""
    try:
        schema = cedar.Schema.from_str(SCHEMA)
        policies = cedar.PolicySet.from_str(POLICIES)
        problems = [f"{case.name}: {said}" for case in CASES if (said := _wrong(cedar, policies, schema, case))]
        if not cedar.validate_policies(POLICIES, schema).validation_passed:
            problems.append("validation refuses policies that fit their schema")
        if cedar.validate_policies("permit (principal, action, resource) when { context.nope };", schema).errors == []:
            problems.append("validation accepts an attribute that the schema does not have")
    except Exception as error:  # noqa: BLE001  whatever an engine raises here, it may not decide
        return (f"{type(error).__name__}: {error}",)
    except BaseException as error:
        if type(error).__name__ != PANIC:
            raise
        return (f"it panicked: {error}",)
    return tuple(problems)


def _wrong(cedar: Any, policies: Any, schema: Any, case: Case) -> str:
    """How the engine's answer differs from what it must be, or ""."""
    person = {"type": "Person", "id": "p"}
    entities = [
        {
            "uid": person,
            "attrs": {"tags": list(case.tags)},
            "parents": [{"type": "Group", "id": group} for group in case.groups],
        },
        *({"uid": {"type": "Group", "id": group}, "attrs": {}, "parents": []} for group in case.groups),
    ]
    request = {
        "principal": person,
        "action": {"type": "Action", "id": case.action},
        "resource": {"type": "Thing", "id": "t"},
        "context": case.context,
    }
    result = cedar.is_authorized(request, policies, entities, schema=schema)
    if case.decision is None:
        return "" if result.diagnostics.errors else f"{result.decision.value} without an error"
    rules = frozenset(result.diagnostics.id_annotations_by_reason.values())
    if result.diagnostics.errors:
        return f"an error: {result.diagnostics.errors[0]}"
    if result.decision.value != case.decision or result.allowed is not (case.decision == "Allow"):
        return f"{result.decision.value}"
    return "" if rules == case.rules else f"decided by {', '.join(sorted(rules)) or 'nothing'}"
