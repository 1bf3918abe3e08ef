"""The dict PACK of a one-file pack as a positioned tree, so that its mistakes have a line like those of pack.yaml."""

import ast
from typing import Any

from converge_cli.truth.findings import Place
from converge_cli.truth.yaml_source import Node


class NotLiteralError(ValueError):
    """The value is missing, or not spelt out; `line` is where."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.line = line


def literal_tree(source: str, file: str, name: str = "PACK") -> Node:
    """The tree of a module-level value that is spelt out in the source; no code runs.

    Raises:
        NotLiteralError: there is no such value, it holds names or calls, or the source is no Python.
    """
    spelt: ast.expr | None = None
    try:
        spelt = _assignment(ast.parse(source), name)
        if spelt is None:
            raise NotLiteralError(f"the file has no {name} = {{...}} at its top level", 1)
        return _node(ast.literal_eval(spelt), spelt, Place(file, spelt.lineno, spelt.col_offset + 1, 2))
    except NotLiteralError:
        raise
    except SyntaxError as error:
        raise NotLiteralError(f"the file is no Python: {error.msg}", error.lineno or 1) from error
    except (ValueError, TypeError, RecursionError, MemoryError) as error:
        message = f"{name} is not spelt out: use plain text, numbers, lists and dicts"
        raise NotLiteralError(message, _first_odd_line(spelt)) from error


def _assignment(tree: ast.Module, name: str) -> ast.expr | None:
    found: ast.expr | None = None
    for statement in tree.body:
        if isinstance(statement, ast.Assign | ast.AnnAssign):
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            if any(isinstance(target, ast.Name) and target.id == name for target in targets):
                found = statement.value
    return found


def _first_odd_line(spelt: ast.expr | None) -> int:
    """The line of the first thing that is neither text, number, list nor dict."""
    plain = ast.Constant | ast.Dict | ast.List | ast.Tuple | ast.UnaryOp
    odd = [part for part in ast.walk(spelt) if isinstance(part, ast.expr)] if spelt is not None else []
    return min((part.lineno for part in odd if not isinstance(part, plain)), default=spelt.lineno if spelt else 1)


def _node(value: Any, spelt: ast.expr | None, around: Place) -> Node:
    place = _place(spelt, around)
    if isinstance(value, dict):
        return _mapping(value, spelt, place)
    if isinstance(value, list | tuple):
        parts = spelt.elts if isinstance(spelt, ast.List | ast.Tuple) and len(spelt.elts) == len(value) else None
        return Node([_node(item, parts[at] if parts else None, place) for at, item in enumerate(value)], place)
    return Node(value, place, str(value))


def _mapping(value: dict[Any, Any], spelt: ast.expr | None, place: Place) -> Node:
    keys: dict[Any, tuple[ast.expr, ast.expr]] = {}
    if isinstance(spelt, ast.Dict):
        keys = {
            key.value: (key, item)
            for key, item in zip(spelt.keys, spelt.values, strict=True)
            if isinstance(key, ast.Constant)
        }
    node = Node({}, place)
    for key, item in value.items():
        key_at, item_at = keys.get(key, (None, None))
        node.keys[str(key)] = _place(key_at, place)
        node.value[str(key)] = _node(item, item_at, place)
    return node


def _place(spelt: ast.expr | None, around: Place) -> Place:
    if spelt is None:
        return around
    end = spelt.end_col_offset if spelt.end_lineno == spelt.lineno and spelt.end_col_offset else spelt.col_offset + 1
    return Place(around.file, spelt.lineno, spelt.col_offset + 1, end + 1)
