"""The kinds of truths, and telling which one a file is, also where it says so wrongly."""

import re
from typing import Any, Literal, get_args

TruthKind = Literal["job", "policy", "invariant"]
KINDS: tuple[TruthKind, ...] = get_args(TruthKind)

_SHARED = re.compile(r"""^\s*["']?kind["']?\s*:\s*["']?(policy|invariant)\b""", re.MULTILINE)


def kind_of(root: Any) -> TruthKind:
    """The kind of a truth's tree; where it names none that exists, the one whose keys it has.

    A misspelt kind is a finding, and until it is mended what looks like a policy must still hold as one.
    """
    node = root.get("kind")
    for kind in KINDS:
        if node is not None and node.value == kind:
            return kind
    return "policy" if root.get("applies_to") is not None else "invariant" if root.get("pack") is not None else "job"


def kind_of_broken(text: str) -> TruthKind:
    """The kind that a text states which is no YAML: a broken policy still keeps the jobs that it might apply to."""
    seen = _SHARED.search(text)
    return next((kind for kind in KINDS if seen is not None and kind == seen[1]), "job")
