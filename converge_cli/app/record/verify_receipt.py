"""Verifies receipts by their bytes alone: no store, no project, no network. The file is not believed in anything."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from converge_cli._internal.canonical_json import encode
from converge_cli._internal.dsse import NoEnvelopeError, open_envelope, pae
from converge_cli._internal.ed25519 import PREFIX, decoded, public_bytes, verifies
from converge_cli._internal.hashing import digest_bytes
from converge_cli.core.errors import ConvergeError
from converge_cli.core.receipt import PAYLOAD_TYPE, Told, hashes_of, statement_of
from converge_cli.core.receipt_checks import DisagreementError, check_events

_MAX_RECEIPT = 1 << 30
_UNREADABLE = (KeyError, IndexError, TypeError, ValueError, AttributeError, RecursionError)
"""What comes of a statement that is built from anything; msgspec's errors are ValueErrors."""


def _refuse_fraction(number: str) -> None:
    raise ValueError(f"{number} is a number with a fraction, which has no one encoding")


_STATEMENT = msgspec.json.Decoder(float_hook=_refuse_fraction)


class ReceiptUnverifiedError(ConvergeError):
    """A file is no receipt, or not what its key, its head or itself says that it is."""

    code = "RECEIPT_UNVERIFIED"

    def __init__(self, name: str, why: str, hint: str | None = None) -> None:
        super().__init__(f"{name} is not verified: {why}", hint=hint or "do not rely on this file", where=name)


class ReceiptFileError(ConvergeError):
    """The file of a receipt or of a key can't be read, or a key is none."""

    code = "RECEIPT_FILE"


class VerifiedReceipt(msgspec.Struct, frozen=True):
    """What a receipt came to.

    Attributes:
        authenticated: whether a key or a head that the reader brought says that it is genuine.
        signed_by: the text of the key that signed it, which is only its own word unless it was brought.
        statement: all that it says, as plain values.
    """

    name: str
    authenticated: bool
    signed_by: str | None
    statement: dict[str, Any]

    @property
    def told(self) -> dict[str, Any]:
        """Everything about the run."""
        predicate: dict[str, Any] = self.statement["predicate"]
        return predicate


def read_receipt(path: Path) -> bytes:
    """The bytes of a file.

    Raises:
        ReceiptFileError: it is no regular file, can't be read, or is larger than any receipt.
    """
    try:
        if path.exists() and not path.is_file():
            raise ReceiptFileError(f"{path} is not a file", hint="converge receipt RUN -o FILE", where=str(path))
        if path.stat().st_size > _MAX_RECEIPT:
            raise ReceiptFileError(f"{path} is larger than 1 GB", where=str(path))
        return path.read_bytes()
    except OSError as error:
        raise ReceiptFileError(
            f"can't read {path}: {error.strerror or error}", hint="converge receipt RUN -o FILE", where=str(path)
        ) from error


def read_key(text: str) -> str:
    """A public key as it was given: its text, or a file that holds it.

    Raises:
        ReceiptFileError: it is neither.
    """
    given = text.strip()
    if not given.startswith(PREFIX):
        try:
            # A pipe that nobody writes to would be waited for.
            given = Path(text).read_text(encoding="utf-8").strip() if Path(text).is_file() else ""
        except (OSError, ValueError):
            given = ""
    if public_bytes(given) is None:
        raise ReceiptFileError(
            f"{text[:80]!r} is no public key, and no file that holds one",
            hint=f"{PREFIX} and 44 characters, as converge identity list prints",
            where="--key",
        )
    return given


def verify_receipt(name: str, data: bytes, *, key: str | None = None, head: str | None = None) -> VerifiedReceipt:
    """Verify a receipt; with a key or a head that the reader brings, also that it is genuine.

    Args:
        name: what the file is called.
        key: the public key that must have signed it.
        head: what the hash of the run's last event must be.

    Raises:
        ReceiptUnverifiedError: it is no receipt, or anything in it is not as it was made.
    """
    try:
        payload, signatures = open_envelope(data, PAYLOAD_TYPE)
    except NoEnvelopeError as error:
        raise ReceiptUnverifiedError(name, f"it is not a receipt: {error}", "converge receipt RUN -o FILE") from error
    signed_by = _check_signatures(name, payload, signatures)
    statement = _check_statement(name, payload)
    found = statement["predicate"]["events"]["head"]
    if key is not None and signed_by != key:
        why = "nobody signed it" if signed_by is None else f"it is signed by {signed_by}"
        raise ReceiptUnverifiedError(name, f"{why}, not by {key}")
    if head is not None and head.strip().lower() != found:
        raise ReceiptUnverifiedError(name, f"its head is {found}, not {head[:80]}")
    return VerifiedReceipt(name, key is not None or head is not None, signed_by, statement)


def check_pairs(receipts: Sequence[VerifiedReceipt]) -> None:
    """Refuse receipts that can't both be true: one approval spent in two histories, or one run told in two ways.

    Raises:
        ReceiptUnverifiedError: naming both, and the approvals.
    """
    for number, one in enumerate(receipts):
        for other in receipts[number + 1 :]:
            place = _fork(one.told["events"]["hashes"], other.told["events"]["hashes"])
            # An approval's id holds that of its run, so receipts of two runs have none in common.
            if one.told["run"]["run"] != other.told["run"]["run"] or place is None:
                continue
            twice = sorted(_spent(one) & _spent(other))
            spending = f"; both spend {', '.join(twice)}" if twice else ""
            raise ReceiptUnverifiedError(
                f"{one.name} with {other.name}",
                f"they tell run {one.told['run']['run']} differently from event {place} on{spending}",
                "the store was copied and the run driven twice: find out which history holds",
            )


def _fork(one: Sequence[str], other: Sequence[str]) -> int | None:
    """The first event that differs; None when one history goes on from the other."""
    for place, (left, right) in enumerate(zip(one, other, strict=False), start=1):
        if left != right:
            return place
    return None


def _spent(receipt: VerifiedReceipt) -> set[str]:
    spent = (event for event in receipt.told["approvals"] if event["type"] == "ApprovalSpent")
    return {request for event in spent for request in event["requests"]}


def _check_signatures(name: str, payload: bytes, signatures: Sequence[tuple[str, bytes]]) -> str | None:
    if len(signatures) > 1:
        raise ReceiptUnverifiedError(name, f"it has {len(signatures)} signatures; a receipt has at most one")
    for signed_by, made in signatures:
        if not verifies(signed_by, pae(PAYLOAD_TYPE, payload), made):
            raise ReceiptUnverifiedError(name, f"its signature does not fit {signed_by[:60]}")
        return signed_by
    return None


def _check_statement(name: str, payload: bytes) -> dict[str, Any]:
    """What is said, when it is exactly what its own events, materials and contents give."""
    try:
        found = _STATEMENT.decode(payload)
        predicate = found["predicate"]
        texts = tuple(text.encode() for text in predicate["events"]["texts"])
        hashes = hashes_of(texts)
        for place, (stated, right) in enumerate(zip(predicate["events"]["hashes"], hashes, strict=False), start=1):
            if stated != right:
                raise ReceiptUnverifiedError(name, f"event {place}: it does not hash to what is stated")
        bytes_of = {}
        for place, item in enumerate(predicate["materials"]):
            data = _material(item)
            if digest_bytes(data) != item["digest"]:
                why = f"materials[{place}]: {item['part']} {item['name']} is not what was recorded"
                raise ReceiptUnverifiedError(name, why)
            bytes_of[item["digest"]] = data
        told = Told(texts, bytes_of, tuple(fact["content"].encode() for fact in predicate["facts"]))
        built = statement_of(told)
        other = difference(built, found)
        if other:
            raise ReceiptUnverifiedError(name, f"{other} is not what its events say")
        check_events(told)
        if encode(found) != payload:
            raise ReceiptUnverifiedError(name, "the statement is not its own canonical encoding")
    except DisagreementError as error:
        raise ReceiptUnverifiedError(name, str(error)) from error
    except _UNREADABLE as error:
        raise ReceiptUnverifiedError(name, f"its statement can't be read: {type(error).__name__}: {error}") from error
    statement: dict[str, Any] = found
    return statement


def _material(item: dict[str, Any]) -> bytes:
    if "text" in item:
        text: str = item["text"]
        return text.encode()
    raw = decoded(item["base64"])
    if raw is None:
        raise ValueError("a material is not base64")
    return raw


def difference(right: Any, found: Any, place: str = "") -> str:
    """The first place where two plain values differ, "" when they are equal."""
    if type(right) is not type(found) or not isinstance(right, dict | list):
        return "" if right == found and type(right) is type(found) else place or "the statement"
    for name in _names(right, found):
        inner = f"{place}[{name}]" if isinstance(name, int) else f"{place}.{name}".lstrip(".")
        try:
            one, other = right[name], found[name]
        except (KeyError, IndexError):
            return inner
        deeper = difference(one, other, inner)
        if deeper:
            return deeper
    return ""


def _names(right: Any, found: Any) -> Sequence[Any]:
    return sorted({*right, *found}) if isinstance(right, dict) else range(max(len(right), len(found)))
