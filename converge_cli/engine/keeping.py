"""Keeps with a run what it is made from, so that its record can be read, replayed and checked without its project."""

from collections.abc import Iterable, Sequence

from converge_cli._internal.canonical_json import encode
from converge_cli.core.built_in_kinds import RESERVED_KINDS
from converge_cli.core.kind_description import describe_model
from converge_cli.core.pack import Pack
from converge_cli.core.person import Person
from converge_cli.core.recorded import PackRecord, SourceRecord
from converge_cli.core.registry import RegisteredSuggestor, Registry, SourceText
from converge_cli.engine.event_log import EventLog
from converge_cli.engine.registration import Registration
from converge_cli.engine.run import Setting


def keep_pack(log: EventLog, pack: Pack) -> PackRecord:
    """Keep a pack's list of files, its manifest and its policy."""
    if pack.files:
        log.keep(encode(pack.files))
    if pack.manifest:
        log.keep(pack.manifest)
    policy = "" if pack.policy is None else log.keep(encode(pack.policy))
    return PackRecord(pack.name, pack.version, pack.digest, policy)


def keep_source(log: EventLog, text: SourceText) -> SourceRecord:
    """Keep a text that the job was compiled from."""
    return SourceRecord(text.part, text.name, log.keep(text.data))


def keep_people(log: EventLog, people: Iterable[Person]) -> str:
    """Keep who may act and decide; "" for nobody."""
    listed = list(people)
    return log.keep(encode(listed)) if listed else ""


def keep_registry(log: EventLog, setting: Setting, registrations: Sequence[Registration]) -> str:
    """Keep the kinds and suggestors; "" for a run that is not recorded anywhere."""
    if not log.is_kept:
        return ""
    kinds = {name: describe_model(kind.model) for name, kind in setting.kinds.items() if name not in RESERVED_KINDS}
    return log.keep(encode(Registry(kinds, tuple(map(_registered, registrations)), setting.gate is not None)))


def _registered(item: Registration) -> RegisteredSuggestor:
    return RegisteredSuggestor(
        item.pack,
        item.name,
        tuple(live.selector.text for live in item.reads),
        tuple(which.text for which in item.writes),
        float(item.timeout),
        not item.suggestor.accepts_everything,
    )
