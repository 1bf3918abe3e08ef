"""A request to policy as somebody writes it, to the question that a pack's gate asks.

Must never fill in what is missing or turn one type into another: what is not as it must be is told, and refused.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from converge_cli.core.flow_gate import FlowGateInput, FlowQuestion, Principal, Resource
from converge_cli.core.pack import Pack
from converge_cli.core.pack_spec import DECIMAL, FORMS, ContextType, GateSpec

Plain = Mapping[str, Any]

_PARTS = {"principal": Principal.__struct_fields__, "resource": Resource.__struct_fields__}
_SHOWN = 60
"""Characters of a value in a message."""

_LISTS = frozenset({"principal.domains", "resource.gates_passed"})
_IN_WORDS: dict[ContextType, str] = {
    "money": "a whole number of minor units (420000 is 4,200.00)",
    "integer": "a whole number",
    "text": "text",
    "decimal": 'text with one to four decimals ("0.875")',
    "boolean": "true or false",
}


class UnaskableRequestError(Exception):
    """The request can't be put to policy; `str()` names every attribute at fault."""


def gate_named(pack: Pack, name: str) -> GateSpec | None:
    """The gate `<resource kind>.<action>` of a pack."""
    return next((gate for gate in pack.gates if gate.name == name), None)


def question_of(pack: Pack, asked: Plain) -> FlowQuestion:
    """The question that the gate of a request's kind and action asks, with all that its approvals could grant.

    Args:
        asked: principal, resource, action and context as plain values; nothing may be absent or of another type.

    Raises:
        UnaskableRequestError: no gate of the pack is about it, or an attribute is not as it must be.
    """
    gate, problems = _gate_of(pack, asked), list(_shape(asked))
    if gate is not None and isinstance(asked.get("context"), Mapping):
        problems += _context(gate, asked["context"])
    if problems:
        raise UnaskableRequestError("; ".join(problems))
    if gate is None:
        gates = ", ".join(gate.name for gate in pack.gates) or "none"
        what = f"{_shown(asked['action'])} of {_shown(asked['resource']['kind'])}"
        raise UnaskableRequestError(f"no gate of pack {pack.name} is about {what}; its gates are {gates}")
    principal = {**asked["principal"], "domains": tuple(asked["principal"]["domains"])}
    resource = {**asked["resource"], "gates_passed": tuple(asked["resource"]["gates_passed"])}
    request = FlowGateInput(Principal(**principal), Resource(**resource), asked["action"], dict(asked["context"]))
    return FlowQuestion(pack.name, request, gate.requires, dict(gate.approvals))


def _gate_of(pack: Pack, asked: Plain) -> GateSpec | None:
    resource = asked.get("resource")
    kind = resource.get("kind") if isinstance(resource, Mapping) else None
    return gate_named(pack, f"{kind}.{asked.get('action')}")


def _shape(asked: Plain) -> Iterator[str]:
    """What is missing, unknown or of another form, outside the context."""
    yield from _names("", asked, FlowGateInput.__struct_fields__)
    for part, fields in _PARTS.items():
        value = asked.get(part)
        if isinstance(value, Mapping):
            yield from _names(f"{part}.", value, fields)
            yield from _texts(part, value)
        elif part in asked:
            yield f"{part} must be an object, not {_shown(value)}"
    if "context" in asked and not isinstance(asked["context"], Mapping):
        yield f"context must be an object, not {_shown(asked['context'])}"
    if "action" in asked and type(asked["action"]) is not str:
        yield f"action must be text, not {_shown(asked['action'])}"


def _names(before: str, value: Plain, fields: tuple[str, ...]) -> Iterator[str]:
    yield from (f"{before}{name} is missing" for name in fields if name not in value)
    for name in value:
        if name not in fields:
            # A letter of another script looks like the right name: it must be seen.
            plain = name.isascii() and name.isprintable() and len(name) <= _SHOWN
            yield f"{before}{name if plain else _shown(name)} is no attribute of a request"


def _texts(part: str, value: Plain) -> Iterator[str]:
    for name in _PARTS[part]:
        path, item = f"{part}.{name}", value.get(name)
        if name not in value:
            continue
        if path in _LISTS:
            if type(item) is not list or any(type(one) is not str for one in item):
                yield f"{path} must be a list of texts, not {_shown(item)}"
        elif type(item) is not str or not item:
            yield f"{path} must be text that is not empty, not {_shown(item)}"


def _context(gate: GateSpec, context: Plain) -> Iterator[str]:
    wanted = gate.context_types
    yield from _names("context.", context, tuple(wanted))
    for name, kind in wanted.items():
        if name not in context:
            continue
        value = context[name]
        fits = type(value) is FORMS[kind] and (kind != "decimal" or DECIMAL.fullmatch(str(value)) is not None)
        if not fits:
            yield f"context.{name} must be {_IN_WORDS[kind]}, not {_shown(value)}"


def _shown(value: Any) -> str:
    if isinstance(value, Mapping | list):
        return "an object" if isinstance(value, Mapping) else f"a list of {len(value)}"
    words = {None: "null", True: "true", False: "false"}
    text = words[value] if value is None or isinstance(value, bool) else str(value)
    if isinstance(value, str):
        return ascii(value[:_SHOWN])
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."
