"""Writes the receipt of a run: one file that proves it to whoever has nothing but the file.

Reads the record, not the project: what it says is what was recorded, and it is checked before anybody gets it.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from converge_cli._internal.dsse import envelope, pae
from converge_cli._internal.ed25519 import sign
from converge_cli._internal.hashing import digest_bytes
from converge_cli._internal.whole_file import write_whole
from converge_cli.app.identity import Identity, find_identity, identities
from converge_cli.app.open_run import folder_of_run
from converge_cli.app.read_inputs import read_file
from converge_cli.app.record.recorded_run import find_row
from converge_cli.app.services import Services
from converge_cli.app.template import NotWritableError
from converge_cli.core.built_in_kinds import BUILT_IN_MODELS
from converge_cli.core.errors import ConvergeError
from converge_cli.core.event import FactPromoted, RunEvent, RunResumed, RunStarted, decode_event
from converge_cli.core.ids import kind_of
from converge_cli.core.job import Job
from converge_cli.core.kind import Kind
from converge_cli.core.kind_description import has_private, model_of
from converge_cli.core.receipt import PAYLOAD_TYPE, Part, Told, came_to_rest, parts_of, payload_of, proposal_of
from converge_cli.core.receipt_checks import DisagreementError, check_events
from converge_cli.core.registry import Registry


class ReceiptRefusedError(ConvergeError):
    """The run has no receipt yet, or none of the kind that was asked for."""

    code = "RECEIPT_REFUSED"


class Receipt(NamedTuple):
    """A receipt, and what it is about; `signed_by` is None when nobody signed it."""

    run: str
    data: bytes
    events: int
    head: str
    signed_by: Identity | None


def make_receipt(
    services: Services, run: str, *, embed: bool = False, inputs: Mapping[str, Path] | None = None
) -> Told:
    """Everything that a run's receipt is built from, checked.

    Args:
        embed: put the bytes of the inputs in, not only their digests.
        inputs: where the file of an input is now, by name; else it is looked for beside the truth.

    Raises:
        ReceiptRefusedError: the run has not come to rest, or the bytes of an input are not to be had or hold what the
            run itself does not keep.
        ConvergeError: no such run, or its record is damaged.
    """
    row, store = find_row(services, run), services.experience
    told = tell(row.run, tuple(store.read(row.run)), store.get_blob)
    if not embed:
        return told
    events = [decode_event(text) for text in told.texts]
    job = _job(events, told.bytes_of)
    _refuse_private(row.run, job, _registry(row.run, events, told.bytes_of))
    places = _Places(row.run, folder_of_run(services, row), job, inputs or {})
    found = {part.digest: places.read(part) for part in parts_of(events) if part.part == "input"}
    return told._replace(bytes_of={**told.bytes_of, **found})


def tell(run: str, texts: Sequence[bytes], blob: Callable[[str], bytes]) -> Told:
    """What a receipt is built from, read from a record and checked; without the bytes of inputs.

    Args:
        run: its id, for errors.
        texts: the canonical bytes of its events.
        blob: gives what was kept under a SHA-256.

    Raises:
        ReceiptRefusedError: the run has not come to rest, or its events do not agree.
    """
    events = [decode_event(text) for text in texts]
    if not came_to_rest(events):
        raise ReceiptRefusedError(
            f"run {run} is, or died, under way: it came to nothing yet that could be proved",
            hint=f"converge resume {run}",
            where=run,
        )
    bytes_of = {part.digest: blob(part.digest) for part in parts_of(events) if part.part != "input"}
    told = Told(texts, bytes_of, _contents(run, events, bytes_of))
    try:
        check_events(told)
    except DisagreementError as error:
        raise ReceiptRefusedError(
            f"the record of run {run} does not add up: {error}",
            hint=f"converge replay {run} --verify; did a model of a pack change between two resumes?",
            where=run,
        ) from error
    return told


def sign_receipt(told: Told, signer: Identity | None) -> Receipt:
    """The file of a receipt: its own canonical encoding, the same bytes whenever it is made."""
    payload = payload_of(told)
    signatures = []
    if signer is not None:
        signatures = [(signer.public_key, sign(signer.file.read_bytes(), pae(PAYLOAD_TYPE, payload)))]
    first = decode_event(told.texts[0])
    head = msgspec.json.decode(payload)["subject"][0]["digest"]["sha256"]
    assert isinstance(first, RunStarted)  # noqa: S101  checked
    return Receipt(first.run, envelope(PAYLOAD_TYPE, payload, signatures), len(told.texts), head, signer)


def choose_signer(folder: Path, name: str | None) -> Identity | None:
    """Whose key signs: the one that was named, else the only one there is; None when there is none.

    Raises:
        IdentityError: there is none of that name.
        ReceiptRefusedError: there are several, and none was named.
    """
    if name is not None:
        return find_identity(folder, name)
    known = identities(folder)
    if len(known) > 1:
        raise ReceiptRefusedError(
            f"there are keys of {', '.join(item.name for item in known)}: whose shall sign?",
            hint="--sign NAME, or --unsigned",
            where="--sign",
        )
    return known[0] if known else None


def write_file(path: Path, data: bytes) -> None:
    """Write a receipt, over an older one: at any moment the file is the one or the other, whole.

    Raises:
        NotWritableError: it can't be written; an older one is as it was.
    """
    try:
        write_whole(path, [data])
    except OSError as error:
        raise NotWritableError(path, error) from error


class _Places:
    """Where the bytes of inputs are."""

    def __init__(self, run: str, folder: Path, job: Job, given: Mapping[str, Path]) -> None:
        self._run = run
        self._folder = folder
        self._files = {spec.name: spec.file for spec in job.inputs}
        self._given = given

    def read(self, part: Part) -> bytes:
        """The bytes of an input, as they were.

        Raises:
            ReceiptRefusedError: they are not to be had.
        """
        file, declared = self._given.get(part.name), self._files.get(part.name)
        if file is None and declared is not None:
            file = self._folder / declared
        hint = f"--input {part.name}=PATH of the file that run {self._run} was given"
        if file is None:
            raise ReceiptRefusedError(f"input {part.name} has no file of its own", hint=hint, where=part.name)
        data = read_file(file, f"input {part.name}").data
        if digest_bytes(data) != part.digest:
            why = f"{file} is not what the run was given as {part.name}"
            raise ReceiptRefusedError(why, hint=hint, where=str(file))
        return data


def _job(events: Sequence[RunEvent], bytes_of: Mapping[str, bytes]) -> Job:
    first = events[0]
    assert isinstance(first, RunStarted)  # noqa: S101  checked by whoever reads a run
    job: Job = msgspec.json.decode(bytes_of[first.job], type=Job)
    return job


def _refuse_private(run: str, job: Job, registry: Registry) -> None:
    """Whoever gets a receipt would read in the file what was hidden from the record."""
    for spec in job.inputs:
        if has_private(registry.kinds.get(spec.kind)):
            why = f"input {spec.name} has private fields (kind {spec.kind}), which the bytes of its file would show"
            hint = f"converge receipt {run}, without --embed: it holds the file's SHA-256"
            raise ReceiptRefusedError(why, hint=hint, where="--embed")


def _registry(run: str, events: Sequence[RunEvent], bytes_of: Mapping[str, bytes]) -> Registry:
    named = [event.registry for event in events if isinstance(event, RunStarted | RunResumed) and event.registry]
    if not named:
        raise ReceiptRefusedError(
            f"run {run} was recorded by a version that did not keep the models of its facts",
            hint="run the truth again with this version",
            where=run,
        )
    registry: Registry = msgspec.json.decode(bytes_of[named[-1]], type=Registry)
    return registry


def _contents(run: str, events: Sequence[RunEvent], bytes_of: Mapping[str, bytes]) -> list[bytes]:
    """The content of every fact, read by the recorded models: no code of a pack is run."""
    registry = _registry(run, events, bytes_of)
    models = dict(BUILT_IN_MODELS) | {name: model_of(described) for name, described in registry.kinds.items()}
    kinds = {name: Kind(name, model) for name, model in models.items()}
    contents = []
    for event in events:
        if not isinstance(event, FactPromoted):
            continue
        if event.content is not None:
            contents.append(bytes(event.content))
        else:
            payload = proposal_of(event, events)[1].payload
            contents.append(kinds[kind_of(event.id)].parse_content(payload or b"")[1])
    return contents
