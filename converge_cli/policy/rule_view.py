"""What a rule names: attributes, the values beside them, entities. Read from its JSON form; must never judge."""

from collections.abc import Iterator, Mapping
from typing import Any

from converge_cli.core.policy_rule import PolicyRule

Json = Any
_CONNECTIVES = frozenset({"&&", "||", "!", "if-then-else"})


def view_of(rule: str, where: str, body: Mapping[str, Any]) -> PolicyRule:
    """One rule by its JSON form."""
    named = [f"{part}.id" for part in ("principal", "resource") if any(entities_in(body[part]))]
    paths = (path for condition in body["conditions"] for path in paths_in(condition["body"]))
    return PolicyRule(rule, where, body["effect"], tuple(dict.fromkeys([*named, *paths])))


def paths_in(node: Json) -> Iterator[str]:
    """The attributes that an expression names, as `principal.authority`, in order."""
    path = _path(node)
    if path:
        yield path
        return
    for inner in _inside(node):
        yield from paths_in(inner)


def decisive_paths(body: Mapping[str, Any]) -> frozenset[str] | None:
    """Every attribute on which it depends whether a rule holds; None when it looks at some part as a whole."""
    conditions = [condition["body"] for condition in body["conditions"]]
    if any(_has_bare_part(condition) for condition in conditions):
        return None
    return frozenset(path for condition in conditions for path in paths_in(condition))


def values_by_path(body: Mapping[str, Any]) -> dict[str, set[str | int]]:
    """Attribute -> the texts and numbers that stand in one comparison with it."""
    found: dict[str, set[str | int]] = {}
    for condition in body["conditions"]:
        for comparison in _comparisons(condition["body"]):
            values = set(_values(comparison))
            for path in paths_in(comparison):
                found.setdefault(path, set()).update(values)
    return found


def entities_in(node: Json) -> Iterator[tuple[str, str]]:
    """Type and id of every entity that a rule names, in its head or its conditions."""
    if isinstance(node, dict):
        if isinstance(node.get("type"), str) and isinstance(node.get("id"), str):
            yield node["type"], node["id"]
        for inner in node.values():
            yield from entities_in(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from entities_in(inner)


def _comparisons(node: Json) -> Iterator[Json]:
    """The smallest parts that are true or false by themselves."""
    if isinstance(node, dict) and len(node) == 1 and next(iter(node)) in _CONNECTIVES:
        for inner in _inside(next(iter(node.values()))):
            yield from _comparisons(inner)
        return
    yield node


def _values(node: Json) -> Iterator[str | int]:
    if isinstance(node, dict) and "Value" in node:
        value = node["Value"]
        if isinstance(value, str) or type(value) is int:
            yield value
        return
    if isinstance(node, dict) and "pattern" in node:
        # A text that fits: what stands between the wildcards.
        yield "".join(part["Literal"] for part in node["pattern"] if isinstance(part, dict))
    for inner in _inside(node):
        yield from _values(inner)


def _path(node: Json) -> str:
    """`context.amount` for an access to an attribute of the request, also for a test whether it is there."""
    if not isinstance(node, dict):
        return ""
    access = node.get(".") or node.get("has")
    if not isinstance(access, dict):
        return ""
    left = access["left"]
    var = left.get("Var") if isinstance(left, dict) else None
    before = var or _path(left)
    return f"{before}.{access['attr']}" if before and isinstance(access.get("attr"), str) else ""


def _has_bare_part(node: Json) -> bool:
    """Whether the principal, the resource or the context stands somewhere without an attribute."""
    if _path(node):
        return False
    return (isinstance(node, dict) and "Var" in node) or any(map(_has_bare_part, _inside(node)))


def _inside(node: Json) -> Iterator[Json]:
    if isinstance(node, dict):
        yield from node.values()
    elif isinstance(node, list):
        yield from node
