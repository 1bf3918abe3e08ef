"""A pack: the suggestors, fact kinds, parameters, gates and policy of one domain, loaded and ready to use."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from converge_cli._internal.hashing import digest
from converge_cli.core.entity_states import ENTITY_STATES
from converge_cli.core.errors import ConvergeError
from converge_cli.core.fact import FactModel
from converge_cli.core.kind import Kind, freeze
from converge_cli.core.misfit import misfit
from converge_cli.core.pack_spec import GateSpec, PackSpec, SuggestorSpec
from converge_cli.core.pack_step import PackStep
from converge_cli.core.suggestor import Suggestor

Factory = Callable[[Any], Suggestor | Sequence[Suggestor]]


class Parameters(FactModel, frozen=True):
    """Base of a pack's parameters: what a truth may set under `parameters: {<pack>: ...}`."""


class InvalidParametersError(ConvergeError):
    """A truth's parameters do not fit the pack's model.

    Attributes:
        path: leads to the value at fault.
        key: the key that is missing there or is not known, when one is.
    """

    code = "PARAMETERS_INVALID"

    def __init__(self, pack: str, path: tuple[str, ...], message: str, *, key: str | None = None) -> None:
        value = f"{'.'.join(path).replace('.[', '[')} " if path else ""
        super().__init__(
            f"parameters of pack {pack}: {value}{message}",
            hint=f"converge packs show {pack} lists its parameters",
            where=".".join((pack, *path)),
        )
        self.path = path
        self.key = key


class InvalidPackError(ConvergeError):
    """A pack can't be loaded: its manifest, a model, a suggestor or its policy is at fault."""

    code = "PACK_INVALID"


class PolicyFiles(msgspec.Struct, frozen=True):
    """A pack's policy as text: file name -> Cedar text, and the schema with its file name."""

    policies: Mapping[str, str]
    schema: str
    schema_file: str = "policy/schema.cedarschema"

    @property
    def hash(self) -> str:
        """SHA-256 of the canonical JSON of policies and schema: what each decision names."""
        return digest({"policies": dict(self.policies), "schema": self.schema})


class Pack:
    """A loaded pack.

    Attributes:
        folder: where it was loaded from, for messages; "" when it was made in memory.
        factories: called with the parameters, in order; each returns one suggestor or several.
        steps: sentences that it adds to the step language.
        digest: SHA-256 over the pack's files: of the canonical JSON of `files`.
        files: (path, SHA-256 of its bytes) of each of them, in order; empty when it was made in memory.
        manifest: the bytes of its pack.yaml, or of its one file.
    """

    def __init__(
        self,
        name: str,
        *,
        version: str = "0",
        description: str = "",
        kinds: Mapping[str, type[FactModel]],
        factories: Sequence[Factory],
        parameters: type[Parameters] | None = None,
        gates: tuple[GateSpec, ...] = (),
        policy: PolicyFiles | None = None,
        steps: Sequence[PackStep] = (),
        folder: str = "",
        digest: str = "",
        files: Sequence[tuple[str, str]] = (),
        manifest: bytes = b"",
    ) -> None:
        if parameters is not None and ENTITY_STATES in parameters.__struct_fields__:
            told = f"pack {name}: {parameters.__name__} has a field {ENTITY_STATES}, which belongs to the truth"
            raise InvalidPackError(told, hint="rename the field", where=folder or name)
        self.name = name
        self.version = version
        self.description = description
        self.kinds: Mapping[str, Kind] = {kind: Kind(kind, model) for kind, model in kinds.items()}
        self.factories = tuple(factories)
        self.parameters_model = parameters
        self.gates = gates
        self.policy = policy
        self.steps = tuple(steps)
        self.folder = folder
        self.digest = digest
        self.files = tuple(files)
        self.manifest = manifest

    def parse_parameters(self, values: Mapping[str, Any]) -> Parameters | None:
        """The typed parameters of plain values (numbers as int or Decimal); None for a pack without any.

        Raises:
            InvalidParametersError: naming the path of the value at fault.
        """
        if self.parameters_model is None:
            if values:
                raise InvalidParametersError(self.name, (), "the pack takes no parameters", key=next(iter(values)))
            return None
        try:
            return msgspec.convert(values, self.parameters_model, dec_hook=freeze)
        except msgspec.ValidationError as error:
            found = misfit(error)
            raise InvalidParametersError(self.name, found.path, found.message, key=found.key) from error

    def suggestors(self, parameters: Parameters | None) -> tuple[Suggestor, ...]:
        """The suggestors, in registration order.

        Raises:
            InvalidPackError: a factory raised, or returned something that is not a suggestor.
        """
        made: list[Suggestor] = []
        for factory in self.factories:
            made += self._make(factory, parameters)
        return tuple(made)

    def spec(self, parameters: Parameters | None) -> PackSpec:
        """The pack as data, with the suggestors that these parameters give."""
        return PackSpec(
            name=self.name,
            version=self.version,
            description=self.description,
            suggestors=tuple(
                SuggestorSpec(item.name, tuple(item.reads), tuple(item.writes)) for item in self.suggestors(parameters)
            ),
            kinds={name: kind.field_words() for name, kind in self.kinds.items()},
            gates=self.gates,
            steps=tuple(item.sentence for item in self.steps),
            digest=self.digest,
        )

    def _make(self, factory: Factory, parameters: Parameters | None) -> list[Suggestor]:
        name = getattr(factory, "__name__", repr(factory))
        try:
            made = factory(parameters)
            items = [made] if isinstance(made, Suggestor) else list(made)
        except InvalidPackError:
            raise
        except (Exception, SystemExit) as error:  # a factory that exits must not end the program as if all were well
            raise InvalidPackError(
                f"pack {self.name}: {name} raised {type(error).__name__}: {error}", where=self.folder or self.name
            ) from error
        for item in items:
            if not isinstance(item, Suggestor):
                raise InvalidPackError(
                    f"pack {self.name}: {name} gave {type(item).__name__}, which is not a Suggestor",
                    hint="an entry of suggestors: is a Suggestor class, or a function that returns suggestors",
                    where=self.folder or self.name,
                )
        return items
