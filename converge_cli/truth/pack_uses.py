"""The packs that a truth uses: found, given their parameters, and asked what their suggestors may write."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from typing import Any, Protocol

from converge_cli._internal import canonical_json
from converge_cli.core.entity_states import ENTITY_STATES
from converge_cli.core.errors import ConvergeError, did_you_mean
from converge_cli.core.job import PackUse
from converge_cli.core.pack import InvalidParametersError, Pack, Parameters
from converge_cli.core.selector import selector
from converge_cli.truth.contract import Contract
from converge_cli.truth.findings import Findings, Place
from converge_cli.truth.vocabulary import Writer
from converge_cli.truth.yaml_source import Node, plain

Overrides = Mapping[str, Mapping[tuple[str, ...], Any]]
"""Pack -> path -> value: parameters given at run, over what the truth says."""


class PackSource(Protocol):
    """Where packs come from."""

    def find(self, name: str) -> Pack | None:
        """The pack of a name, or None; may raise InvalidPackError."""
        ...

    def names(self) -> Sequence[str]:
        """The names that `find` knows."""
        ...


class PackUses:
    """Loads the packs of one contract.

    Attributes:
        packs: those that were found, in the order of the contract.
        parameters: pack name -> its typed parameters, None for a pack without any.
        complete: whether every pack was found, loaded and given its parameters.
    """

    def __init__(self, source: PackSource, root: Node, findings: Findings, overrides: Overrides | None = None) -> None:
        self._source = source
        self._root = root
        self._findings = findings
        self._overrides = overrides or {}
        self.packs: list[Pack] = []
        self.parameters: dict[str, Parameters | None] = {}
        self.writers: list[Writer] = []
        self.complete = True

    def load(self, contract: Contract) -> None:
        """Find every pack and type its parameters."""
        for number, name in enumerate(contract.packs):
            place = self._root.nearest("packs", number).place
            if name in contract.packs[:number]:
                self._fail("duplicate-id", place, f"pack {name} is listed twice", "keep one of them")
            else:
                self._load(name, place)
        keys = self._root.nearest("parameters").keys
        for name in contract.parameters:
            if name not in contract.packs:
                fix = did_you_mean(name, contract.packs) or f"add {name} to packs, or remove its parameters"
                told = f"parameters for {name}, which is not among the packs"
                free = [pack for pack in contract.packs if pack not in contract.parameters]
                self._fail("unknown-pack", keys[name], told, fix, self._findings.mending(keys[name], name, free))
        for name in self._overrides:
            if name not in contract.packs:
                fix = did_you_mean(name, contract.packs) or f"the packs are {', '.join(contract.packs)}"
                place = self._root.nearest("packs").place
                self._fail("unknown-pack", place, f"a parameter is given for {name}, which is not among the packs", fix)
        self._check_kinds()

    def names(self) -> Sequence[str]:
        """Every pack that could be used."""
        return self._source.names()

    def others(self) -> list[Writer]:
        """The suggestors of the packs that are not in use, as far as they load without parameters."""
        mine = {pack.name for pack in self.packs}
        found: list[Writer] = []
        for pack in self.loadable(but=mine):
            with suppress(ConvergeError):  # what does not load is no advice
                found += writers_of(pack, pack.parse_parameters({}))
        return found

    def loadable(self, but: Collection[str] = ()) -> list[Pack]:
        """Every other pack that there is and that loads."""
        found: list[Pack] = []
        for name in (name for name in self._source.names() if name not in but):
            with suppress(ConvergeError):
                pack = self._source.find(name)
                found += [] if pack is None else [pack]
        return found

    def uses(self) -> tuple[PackUse, ...]:
        """The packs as data."""
        return tuple(PackUse(pack.name, pack.version, self._plain(pack.name)) for pack in self.packs)

    def _plain(self, name: str) -> Any:
        parameters = self.parameters[name]
        return None if parameters is None else canonical_json.decode(canonical_json.encode(parameters))

    def _load(self, name: str, place: Place) -> None:
        try:
            pack = self._source.find(name)
            if pack is None:
                known = self._source.names()
                fix = did_you_mean(name, known) or f"the packs are {', '.join(known) or 'none'}"
                mending = self._findings.mending(place, name, known)
                self._fail("unknown-pack", place, f"no pack {name!r}", fix, mending)
                return
            values = plain(self._root.at("parameters", name)) or {}
            overrides = self._overrides.get(name, {})
            if any(path[0] == ENTITY_STATES for path in overrides):
                told = "is declared in the truth, and the same in each of its runs"
                raise InvalidParametersError(name, (ENTITY_STATES,), told)
            own = {key: value for key, value in values.items() if key != ENTITY_STATES}
            parameters = pack.parse_parameters(overlaid(own, overrides))
            self.writers += writers_of(pack, parameters)
        except InvalidParametersError as error:
            self._fail_parameters(name, error, place)
        except ConvergeError as error:
            self._fail("broken-pack", place, _with_place(name, error), error.hint or "mend the pack")
        except Exception as error:  # noqa: BLE001  a parameters model is the pack author's code and may raise anything
            self._fail("broken-pack", place, f"pack {name} raised {type(error).__name__}: {error}", "mend the pack")
        else:
            self.packs.append(pack)
            self.parameters[name] = parameters

    def _fail_parameters(self, name: str, error: InvalidParametersError, place: Place) -> None:
        path = [int(part[1:-1]) if part[1:-1].isdigit() else part for part in error.path]
        node = self._root.at("parameters", name)
        where = place if node is None else node.nearest(*path).place
        if node is not None and error.key is not None:
            where = node.nearest(*path).keys.get(error.key, where)
        elif node is not None and path and (parent := node.nearest(*path[:-1])).get(path[-1]) is None:
            where = parent.keys.get(str(path[-1]), where)
        self._fail("invalid-parameters", where, error.message, f"converge packs show {name} lists its parameters")

    def _check_kinds(self) -> None:
        owners: dict[str, str] = {}
        for number, pack in enumerate(self.packs):
            for kind in pack.kinds:
                owner = owners.setdefault(kind, pack.name)
                if owner != pack.name:
                    place = self._root.nearest("packs", number).place
                    self._fail(
                        "duplicate-kind", place, f"packs {owner} and {pack.name} both declare kind {kind}", "use one"
                    )

    def _fail(
        self, finding: str, place: Place, message: str, fix: str, mending: tuple[Place, str] | None = None
    ) -> None:
        self.complete = False
        self._findings.add(finding, place, message, fix, mending)


def _with_place(name: str, error: ConvergeError) -> str:
    """The message, with the line of the pack's own file where one is at fault: the finding stands in the truth.

    The file is told from the pack's folder on, so that the finding is the same wherever the project stands.
    """
    file, _, place = (error.where or "").partition(":")
    if not place or file in error.message:
        return error.message
    parts = file.split("/")
    own = [number for number, part in enumerate(parts) if part in {name, f"{name}.py"}]
    return f"{'/'.join(parts[own[-1] :] if own else parts)}:{place}: {error.message}"


def overlaid(values: Any, overrides: Mapping[tuple[str, ...], Any]) -> Any:
    """Parameters with some values replaced, by path; the missing mappings on the way are made."""
    result = dict(values) if isinstance(values, Mapping) else {}
    for path, value in overrides.items():
        inner = result
        for part in path[:-1]:
            below = inner.get(part)
            inner[part] = dict(below) if isinstance(below, Mapping) else {}
            inner = inner[part]
        inner[path[-1]] = value
    return result


def writers_of(pack: Pack, parameters: Parameters | None) -> list[Writer]:
    """The suggestors that a pack registers with these parameters.

    Raises:
        InvalidPackError: a factory is at fault.
        MalformedSelectorError: what a suggestor writes is no selector.
    """
    return [
        Writer(item.name, pack.name, tuple(selector(write) for write in item.writes))
        for item in pack.suggestors(parameters)
    ]
