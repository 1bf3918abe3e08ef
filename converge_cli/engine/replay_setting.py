"""The setting of a recorded run, from what was kept with it: job, kinds, suggestors, people, policy."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import msgspec

from converge_cli.core.built_in_kinds import reserved_kinds
from converge_cli.core.errors import ConvergeError, RecordCorruptError
from converge_cli.core.event import ProposalRejected, SuggestorExecuted
from converge_cli.core.fact import FactModel
from converge_cli.core.ids import kind_of
from converge_cli.core.job import Job
from converge_cli.core.kind import Kind
from converge_cli.core.kind_description import has_own_code, model_of
from converge_cli.core.pack import PolicyFiles
from converge_cli.core.person import Person
from converge_cli.core.port import FlowGate
from converge_cli.core.recorded import PackRecord
from converge_cli.core.registry import RegisteredSuggestor, Registry
from converge_cli.core.suggestor import Suggestor
from converge_cli.engine.replay_answers import DecliningSuggestor, RecordedGate, RecordedSuggestor
from converge_cli.engine.replay_record import Record
from converge_cli.engine.run import Setting

T = TypeVar("T")
Blobs = Callable[[str], bytes]
GateMaker = Callable[[Mapping[str, PolicyFiles]], FlowGate]
Refusals = Mapping[tuple[str, bytes], str]


class NotReplayableError(ConvergeError):
    """The record does not hold what a replay needs."""

    code = "REPLAY_IMPOSSIBLE"


class RecordedKind(Kind):
    """A kind whose model also checks by code of its own: what that refused is taken from the record."""

    __slots__ = ("_refusals",)

    def __init__(self, name: str, model: type[FactModel], refusals: Refusals) -> None:
        super().__init__(name, model)
        self._refusals = refusals

    def parse_content(self, content: bytes | msgspec.Raw) -> tuple[FactModel, bytes]:
        """The typed payload of JSON bytes and its canonical bytes; see `Kind.parse_content`."""
        parsed = super().parse_content(content)
        said = self._refusals.get((self.name, bytes(content)))
        if said is not None:
            raise ValueError(said)
        return parsed


class Settings:
    """Makes the setting of each stretch of a run; what they share is made once."""

    def __init__(self, record: Record, blobs: Blobs, make_gate: GateMaker, recorded_gate: RecordedGate) -> None:
        self._record = record
        self._blobs = blobs
        self._make_gate = make_gate
        self._recorded_gate = recorded_gate
        self._refusals = _refusals(record)
        self.job = self._decoded(record.started.job, Job)

    def setting(self, packs: Sequence[PackRecord], people: str, registry: str) -> Setting:
        """What the run had, by the digests that an event names.

        Raises:
            NotReplayableError: a version wrote it that kept too little.
            RecordCorruptError: what was kept can't be read.
        """
        started = self._record.started
        if not registry:
            raise NotReplayableError(
                f"run {started.run} was recorded by Converge {started.engine}, without the types of its facts",
                hint=f"converge show {started.run} shows what it recorded",
                where=started.run,
            )
        known = self._decoded(registry, Registry)
        return Setting(
            job=self.job,
            suggestors=[(item.pack, _suggestor(item)) for item in known.suggestors],
            kinds=self._kinds(registry, known),
            people={person.id: person for person in self.people(people)},
            gate=self._gate(packs, known.gated),
            principal=started.principal,
            strict=started.strict,
        )

    def people(self, digest: str) -> tuple[Person, ...]:
        """Who could act and decide; nobody for ""."""
        return self._decoded(digest, tuple[Person, ...]) if digest else ()

    def registered(self, digest: str) -> Registry:
        """The kinds and suggestors."""
        return self._decoded(digest, Registry)

    def _decoded(self, digest: str, kind: type[T]) -> T:
        try:
            return msgspec.json.decode(self._blobs(digest), type=kind)
        except msgspec.MsgspecError as error:
            raise RecordCorruptError(
                f"what run {self._record.run} keeps under {digest[:12]} can't be read: {error}", where=digest
            ) from error

    def _kinds(self, digest: str, known: Registry) -> Mapping[str, Kind]:
        try:
            described = {name: self._kind(name, item) for name, item in known.kinds.items()}
        except (KeyError, IndexError, TypeError, ValueError) as error:
            raise RecordCorruptError(
                f"the kinds of run {self._record.run} can't be read: {error}", where=digest
            ) from error
        return {**reserved_kinds(), **described}

    def _kind(self, name: str, description: object) -> Kind:
        model = model_of(description)
        return RecordedKind(name, model, self._refusals) if has_own_code(description) else Kind(name, model)

    def _gate(self, packs: Sequence[PackRecord], gated: bool) -> FlowGate | None:
        if not gated:
            return None
        kept = {pack.name: pack.policy for pack in packs if pack.policy}
        if not kept:
            return self._recorded_gate
        return self._make_gate({name: self._decoded(digest, PolicyFiles) for name, digest in kept.items()})


def _suggestor(item: RegisteredSuggestor) -> Suggestor:
    return DecliningSuggestor(item) if item.declines else RecordedSuggestor(item)


def _refusals(record: Record) -> Refusals:
    """What models said of payloads, by kind and payload."""
    executions = {event.seq: event for event in record.events if isinstance(event, SuggestorExecuted)}
    found: dict[tuple[str, bytes], str] = {}
    for event in record.events:
        if not isinstance(event, ProposalRejected) or event.code != "PAYLOAD_INVALID":
            continue
        made = executions.get(event.execution)
        if made is None or not 0 <= event.position < len(made.proposals):
            continue
        payload, kind = made.proposals[event.position].payload, kind_of(event.id)
        if payload is not None:
            found[kind, bytes(payload)] = event.reason.removeprefix(f"kind {kind}: ")
    return found
