"""The scripted suggestor of an example: it proposes what the scenario says, and nothing else."""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import inspect

from converge_cli.core.built_in_kinds import reserved_kinds
from converge_cli.core.context import ContextView
from converge_cli.core.context_key import KEYS
from converge_cli.core.errors import ConvergeError
from converge_cli.core.example import Scripted
from converge_cli.core.fact import ProposedFact
from converge_cli.core.ids import kind_of
from converge_cli.core.kind import Kind
from converge_cli.core.suggestor import Effect, Suggestor
from converge_cli.truth.cells import CellError, is_optional, read_cell
from converge_cli.truth.input_formats import parse_json


class ScriptedSuggestor(Suggestor):
    """Reads nothing, may write everything, proposes its lines once, in the first cycle: so the gate alone judges."""

    writes = tuple(sorted(KEYS))

    def __init__(self, name: str, proposals: Sequence[ProposedFact]) -> None:
        self.name = name
        self._proposals = tuple(proposals)

    def execute(self, view: ContextView) -> Effect:  # noqa: ARG002  it has its script
        """Propose everything."""
        return Effect(self._proposals)


def scripted_suggestors(lines: Sequence[Scripted], kinds: Mapping[str, Kind]) -> tuple[ScriptedSuggestor, ...]:
    """One suggestor per name, in the order in which they are first named, with all of its lines."""
    by_name: dict[str, list[ProposedFact]] = {}
    known = {**reserved_kinds(), **kinds}
    for line in lines:
        payload = _payload(line, known.get(kind_of(line.id)))
        by_name.setdefault(line.suggestor, []).append(ProposedFact(line.key, line.id, payload))
    return tuple(ScriptedSuggestor(name, proposals) for name, proposals in by_name.items())


def _payload(line: Scripted, kind: Kind | None) -> dict[str, Any]:
    """The fields as the kind's model types them; what does not fit stays text, for the gate to reject."""
    types = {} if kind is None else kind.fields()
    return {name: _value(text, types[name]) if name in types else text for name, text in line.fields}


def _value(text: str, kind: inspect.Type) -> Any:
    if not text:
        return None if is_optional(kind) else text
    try:
        return read_cell(text, kind)
    except CellError:
        # Lists, maps and models have no form in a cell of their own: they are written as JSON.
        return _from_json(text) if text[0] in "[{" else text


def _from_json(text: str) -> Any:
    try:
        return parse_json("a scripted proposal", text)
    except ConvergeError:
        return text
