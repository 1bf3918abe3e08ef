"""Trees to models: validates a positioned tree with a pydantic model and says where and why it does not fit."""

from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from converge_cli.core.errors import did_you_mean
from converge_cli.truth.findings import Findings, Place
from converge_cli.truth.yaml_source import Node, plain

Model = TypeVar("Model", bound=BaseModel)

_PATTERNS = {
    r"^[a-z][a-z0-9_]*$": "small letters, digits and underscores, beginning with a letter",
    r"^[a-z0-9]+(-[a-z0-9]+)*$": "small letters, digits and single dashes between them",
    r"^[A-Za-z0-9][A-Za-z0-9._-]*$": "letters, digits, dots, dashes and underscores",
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$": "a date as YYYY-MM-DD",
}
_WORDS = {
    "string_type": "text",
    "int_type": "a whole number",
    "bool_type": "true or false",
    "list_type": "a list",
    "tuple_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
}


def read_model(root: Node, model: type[Model], findings: Findings) -> Model | None:
    """The model of a tree, or None after a finding for each thing that does not fit."""
    try:
        return model.model_validate(plain(root))
    except ValidationError as errors:
        for error in errors.errors(include_url=False):
            _Explainer(root, model, findings).add(error)
        return None


class _Explainer:
    """Turns one validation error into a finding at the node that it is about."""

    def __init__(self, root: Node, model: type[BaseModel], findings: Findings) -> None:
        self._root = root
        self._model = model
        self._findings = findings

    def add(self, error: Any) -> None:
        path = [part for part in error["loc"] if part != "[key]"]
        kind = error["type"]
        if kind == "extra_forbidden":
            self._add_unknown(path)
        elif kind == "missing":
            self._add_missing(path)
        else:
            self._add_invalid(path, error)

    def _add_unknown(self, path: list[Any]) -> None:
        parent = self._root.nearest(*path[:-1])
        key = str(path[-1])
        known = list(_fields(self._model, path[:-1]))
        guess = None if self._findings.many else did_you_mean(key, known)
        fix = guess or f"the keys here are {', '.join(known)}"
        self._findings.add("unknown-key", parent.keys.get(key, parent.place), f"unknown key {key!r}", fix)

    def _add_missing(self, path: list[Any]) -> None:
        parent = self._root.nearest(*path[:-1])
        place = self._key_place(path[:-1]) or Place(parent.place.file, parent.line, parent.column, parent.column + 1)
        owner = ".".join(str(part) for part in path[:-1]) or "the file"
        self._findings.add("missing-key", place, f"{owner} has no {path[-1]!r}", f"add {path[-1]}:")

    def _add_invalid(self, path: list[Any], error: Any) -> None:
        node = self._root.nearest(*path)
        place = node.place
        if "[key]" in error["loc"]:
            place = self._key_place(path) or place
        name = ".".join(str(part) for part in path) or "the file"
        self._findings.add("invalid-value", place, f"{name} {_sentence(error)}", _fix(error))

    def _key_place(self, path: list[Any]) -> Place | None:
        return self._root.nearest(*path[:-1]).keys.get(str(path[-1])) if path else None


def _fields(model: type[BaseModel], path: list[Any]) -> dict[str, Any]:
    """The keys of the section at a path."""
    current: type[BaseModel] | None = model
    for part in path:
        if isinstance(part, int) or current is None:
            continue
        found = {(field.alias or name): field for name, field in current.model_fields.items()}.get(part)
        inner = _section(found.annotation) if found is not None else None
        current = inner or current
    fields = current.model_fields if current is not None else {}
    return {(field.alias or name): field for name, field in fields.items()}


def _section(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for part in getattr(annotation, "__args__", ()):
        found = _section(part)
        if found is not None:
            return found
    return None


def _sentence(error: Any) -> str:
    kind, context = error["type"], error.get("ctx", {})
    given = _shown(error.get("input"))
    if kind in _WORDS:
        return f"must be {_WORDS[kind]}, not {given}"
    if kind == "literal_error":
        return f"must be {context['expected']}, not {given}"
    if kind == "string_pattern_mismatch":
        return f"must be {_PATTERNS.get(context['pattern'], 'well-formed')}, not {given}"
    if kind in {"too_short", "string_too_short"}:
        return "must not be empty"
    if kind == "value_error":
        return f"is {given}; {context['error']}"
    return f"is {given}; {error['msg'][0].lower()}{error['msg'][1:]}"


def _fix(error: Any) -> str:
    choices = str(error.get("ctx", {}).get("expected", "")).replace("'", "").replace(" or ", ", ").split(", ")
    guess = did_you_mean(str(error.get("input")), [choice for choice in choices if choice])
    if guess:
        return guess
    given = error.get("input")
    if error["type"] == "string_type" and isinstance(given, int | bool):
        return "put it in quotes to make it text"
    return "mend the value"


def _shown(value: Any) -> str:
    if isinstance(value, dict | list):
        return "a mapping" if isinstance(value, dict) else "a list"
    if value is None or isinstance(value, bool):
        return {None: "nothing", True: "true", False: "false"}[value]
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else text[:57] + "..."
