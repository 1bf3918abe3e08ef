"""The ids of one truth: each declared once, each reference found. Must never invent a reference."""

import re
import unicodedata

from converge_cli.core.ids import CLAUSE_ID
from converge_cli.truth.findings import Findings, Place

_NOT_IN_AN_ID = re.compile(r"[^a-z0-9]+")


class ClauseIds:
    """Ids of checks (invariants, validations, constraints, criteria, examples) with the place of each."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._places: dict[str, Place] = {}

    @property
    def declared(self) -> frozenset[str]:
        """Every id so far."""
        return frozenset(self._places)

    def declare(self, clause_id: str, place: Place) -> bool:
        """Declare an id; False, after a finding that names both places, when it is taken."""
        first = self._places.setdefault(clause_id, place)
        if first is not place:
            message = f"id {clause_id!r} is declared twice, first at {first.file}:{first.line}:{first.column}"
            self._findings.add("duplicate-id", place, message, "rename one of them, in a feature with @id:<name>")
            return False
        return True


def id_of_title(title: str) -> str:
    """The default id of a scenario: its name in small letters, digits and underscores; "" when nothing is left."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    made = _NOT_IN_AN_ID.sub("_", plain).strip("_")[:120]
    if made and not made[0].isalpha():
        made = f"s_{made}"
    return made if CLAUSE_ID.fullmatch(made) else ""
