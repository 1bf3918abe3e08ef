"""A flow gate's request as Cedar sees it. Must never let a value through that Cedar would read differently.

What a policy can look at (a pack's schema declares exactly these names):

    principal   Person::"<id>"     authority: String (advisory, participatory, supervisory, sovereign)
                                   domains: Set<String>, policy_version: String
    action      Action::"<propose | validate | promote | commit | advance_phase>"
    resource    Resource::"<id>"   kind: String, phase: String, gates_passed: Set<String>
    context     commitment_type: String, human_approval_present: Bool, required_gates_met: Bool,
                and what the pack's gate declares: money and integer are Long (money in minor units,
                2000000 = 20,000.00), text is String, decimal is decimal (text with one to four
                decimals: "0.875"), boolean is Bool

so that a rule reads `principal.authority == "supervisory" && context.amount <= 2000000`.
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import Any, NamedTuple, get_args

from converge_cli._internal.canonical_json import encode
from converge_cli.core.flow_gate import GATES_MET, ContextValue, FlowAction, FlowGateInput, Phase
from converge_cli.core.pack_spec import ALWAYS, FORMS
from converge_cli.core.person import AUTHORITIES

LONG = range(-(2**63), 2**63)
"""The integers that Cedar can hold."""

_ALWAYS = tuple((name, FORMS[kind]) for name, kind in ALWAYS.items())
_ACTIONS = frozenset(get_args(FlowAction))
_PHASES = frozenset(get_args(Phase))
_MAX_TEXT = 100_000


class UnjudgeableRequestError(ValueError):
    """A request holds something that policy can't be asked about; `str()` says what."""


class CedarRequest(NamedTuple):
    """The request in Cedar's own form; principal and resource are JSON entity lists, equal for equal ones."""

    request: dict[str, Any]
    principal: str
    resource: str


def project(asked: FlowGateInput) -> CedarRequest:
    """Principal, action, resource and context as Cedar takes them.

    Raises:
        UnjudgeableRequestError: an attribute is absent, null, of another type or out of range.
    """
    check_request(asked)
    who, what = asked.principal, asked.resource
    return CedarRequest(
        {
            "principal": {"type": "Person", "id": who.id},
            "action": {"type": "Action", "id": asked.action},
            "resource": {"type": "Resource", "id": what.id},
            "context": encode(asked.context).decode(),
        },
        _person(who.id, who.authority, tuple(who.domains), who.policy_version),
        _resource(what.id, what.kind, what.phase, tuple(what.gates_passed)),
    )


@lru_cache(maxsize=256)
def _person(name: str, authority: str, domains: tuple[str, ...], policy_version: str) -> str:
    attributes = {"authority": authority, "domains": domains, "policy_version": policy_version}
    return _entity("Person", name, attributes)


@lru_cache(maxsize=256)
def _resource(name: str, kind: str, phase: str, gates_passed: tuple[str, ...]) -> str:
    return _entity("Resource", name, {"kind": kind, "phase": phase, "gates_passed": gates_passed})


def _entity(kind: str, name: str, attributes: dict[str, Any]) -> str:
    return encode([{"uid": {"type": kind, "id": name}, "attrs": attributes, "parents": ()}]).decode()


def check_request(asked: FlowGateInput) -> None:
    """Refuse a request that has a gap, or a value that Cedar would read differently.

    Raises:
        UnjudgeableRequestError: naming the attribute.
    """
    who, what = asked.principal, asked.resource
    _filled_text("principal.id", who.id)
    _filled_text("principal.policy_version", who.policy_version)
    _filled_text("resource.id", what.id)
    _filled_text("resource.kind", what.kind)
    _one_of("principal.authority", who.authority, AUTHORITIES)
    _one_of("resource.phase", what.phase, _PHASES)
    _one_of("action", asked.action, _ACTIONS)
    _text_list("principal.domains", who.domains)
    _text_list("resource.gates_passed", what.gates_passed)
    for name, kind in _ALWAYS:
        _always(asked.context, name, kind)
    for name, value in asked.context.items():
        _context_value(name, value)


def check_computed(asked: FlowGateInput) -> None:
    """Refuse a gap where `granted` computes anew what a request brings: it must not be mended.

    Raises:
        UnjudgeableRequestError: naming the attribute.
    """
    _text_list("resource.gates_passed", asked.resource.gates_passed)
    if type(asked.context) is not dict:
        raise UnjudgeableRequestError("context must be names with values")
    _always(asked.context, GATES_MET, bool)


def _always(context: dict[str, ContextValue], name: str, kind: type) -> None:
    if name not in context:
        raise UnjudgeableRequestError(f"context.{name} is missing")
    if type(context[name]) is not kind:
        raise UnjudgeableRequestError(f"context.{name} must be a {kind.__name__}")


def _context_value(name: object, value: object) -> None:
    if type(name) is not str:
        raise UnjudgeableRequestError(f"context has the name {name!r}, which is not text")
    if type(value) is int:
        if value not in LONG:
            raise UnjudgeableRequestError(f"context.{name} is beyond 64 bits")
    elif type(value) is str:
        _text(f"context.{name}", value)
    elif type(value) is not bool:
        raise UnjudgeableRequestError(
            f"context.{name} is {type(value).__name__}; policy knows text, integers and booleans"
        )


def _filled_text(path: str, value: object) -> None:
    if type(value) is not str or not value:
        raise UnjudgeableRequestError(f"{path} must be text that is not empty")
    _text(path, value)


def _text_list(path: str, values: object) -> None:
    if not isinstance(values, tuple | list) or any(type(value) is not str for value in values):
        raise UnjudgeableRequestError(f"{path} must be a list of texts")
    _text(path, "\n".join(values))


def _text(path: str, value: str) -> None:
    if len(value) > _MAX_TEXT:
        raise UnjudgeableRequestError(f"{path} is longer than {_MAX_TEXT} characters")
    if not value.isascii() and any("\ud800" <= char <= "\udfff" for char in value):
        raise UnjudgeableRequestError(f"{path} holds half of a character, which is no text")


def _one_of(path: str, value: object, choices: Iterable[str]) -> None:
    if type(value) is not str or value not in choices:
        raise UnjudgeableRequestError(f"{path} {value!a} is not one of {', '.join(sorted(choices))}")
