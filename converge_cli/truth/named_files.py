"""Files that a truth names: each once, by a name that holds anywhere, and there.

Must never look for one: it is told which are missing.
"""

from pathlib import PurePosixPath, PureWindowsPath
from posixpath import normpath

from converge_cli.truth.findings import Findings, Place
from converge_cli.truth.yaml_source import Node


def check_files(root: Node, missing: frozenset[str], findings: Findings) -> bool:
    """Add a finding, at its name, for each feature and input that is missing, and for a feature that can't be one.

    Returns whether every feature is there, so that what they declare is known.
    """
    features = _features(root)
    seen: set[str] = set()
    for name, place in features:
        if is_absolute(name):
            message = f"{name!r} is an absolute path, which holds on one machine only"
            findings.add("invalid-value", place, message, "write it relative to the truth")
        elif normpath(name) in seen:
            findings.add("duplicate-id", place, f"feature {name} is listed twice", "keep one of them")
        elif name in missing:
            message = f"feature file {name} is neither beside the truth nor in the project's features/"
            fix = f"write {name}, or name another file under features: ([] for none)"
            findings.add("missing-file", place, message, fix)
        seen.add(normpath(name))
    inputs = root.get("inputs")
    for name, item in inputs.value.items() if inputs is not None and isinstance(inputs.value, dict) else ():
        file = item.get("file")
        if file is not None and file.value in missing:
            fix = f"add the file, or leave out file: and give it with --input {name}=PATH"
            findings.add("missing-file", file.place, f"there is no file {file.value}", fix)
    return not any(name in missing or is_absolute(name) for name, _ in features)


def is_absolute(name: str) -> bool:
    """Whether a name says where on one machine a file is, whatever system that has."""
    return PurePosixPath(name).is_absolute() or PureWindowsPath(name).is_absolute()


def _features(root: Node) -> list[tuple[str, Place]]:
    """The features that the truth names with their places; its own by default."""
    node, key = root.get("features"), root.get("key")
    if node is not None and isinstance(node.value, list):
        return [(item.value, item.place) for item in node.value if isinstance(item.value, str)]
    return [] if key is None else [(f"{key.value}.feature", key.place)]
