"""Takes proposals out of foreign hands: what is recorded here is all that the gate ever judges.

Runs once per proposal, inside the suggestor's own guarded time. Afterwards nothing foreign is looked at again, so
whoever keeps a payload and changes it changes nothing, and a recorded run is judged as the live one was.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

import msgspec
from msgspec import Raw

from converge_cli._internal.canonical_json import encode
from converge_cli.core.context_key import KEYS, ContextKey
from converge_cli.core.fact import ProposedFact
from converge_cli.core.ids import MAX_ID_LENGTH, kind_of
from converge_cli.core.kind import Kind
from converge_cli.core.recorded import RecordedProposal
from converge_cli.engine.watchdog import WatchdogTimeout

# What `ContextView.propose` gives unless it is told otherwise; told by identity, which costs least.
_CERTAIN = 1
_NO_EVIDENCE: tuple[str, ...] = ()
_NOTHING_PRIVATE: Mapping[str, Kind] = {}
_SPELT = (int, float, Decimal, ContextKey)


def private_kinds(kinds: Mapping[str, Kind]) -> Mapping[str, Kind]:
    """The kinds that have private fields, by name."""
    return {name: kind for name, kind in kinds.items() if kind.is_private}


def record_proposals(
    proposals: Iterable[Any], private: Mapping[str, Kind] = _NOTHING_PRIVATE
) -> tuple[RecordedProposal, ...]:
    """The proposals of one execution as they are recorded.

    Args:
        private: the kinds that have private fields, by name; what these hold is hidden first.
    """
    return tuple([record_proposal(proposal, private) for proposal in proposals])


def record_proposal(proposal: Any, private: Mapping[str, Kind] = _NOTHING_PRIVATE) -> RecordedProposal:
    """The proposal as it is recorded: canonical bytes, or why there are none."""
    if type(proposal) is not ProposedFact:
        return RecordedProposal(key="", id="", unreadable=clean(f"a {type(proposal).__name__}, not a ProposedFact"))
    payload = unreadable = None
    try:
        payload = Raw(_redacted(proposal, private) if private else encode(proposal.payload))
    except (WatchdogTimeout, KeyboardInterrupt):
        raise
    except BaseException as error:  # noqa: BLE001  a payload is somebody else's object and may raise anything
        unreadable = words_of(error)[:200]
    key, fact_id = proposal.key, proposal.id
    confidence, evidence = proposal.confidence, proposal.evidence
    plain = type(fact_id) is str and len(fact_id) <= MAX_ID_LENGTH and fact_id.isascii()
    return RecordedProposal(
        key if type(key) is str and key in KEYS else _text(key),
        fact_id if plain else _text(fact_id),
        payload,
        None if confidence is _CERTAIN else _confidence(confidence),
        evidence if evidence is _NO_EVIDENCE else _evidence(evidence),
        None if proposal.corrects is None else _text(proposal.corrects),
        unreadable,
    )


def _redacted(proposal: ProposedFact, private: Mapping[str, Kind]) -> bytes:
    """The payload without what is private in it.

    Raises:
        ValueError: it does not fit its kind, so nobody knows what in it is private; none of it is told.
    """
    kind = private.get(kind_of(proposal.id)) if type(proposal.id) is str else None
    if kind is None:
        return encode(proposal.payload)
    try:
        return kind.parse(proposal.payload)[1]
    except (msgspec.MsgspecError, TypeError, ValueError, OverflowError, RecursionError):
        told = f"it does not fit kind {kind.name}, which has private fields; so nothing of it is kept"
        raise ValueError(told) from None


def words_of(error: BaseException) -> str:
    """An error of foreign code with its type, whatever its own words do."""
    return clean(f"{type(error).__name__}: {message_of(error)}")[:1000]


def message_of(error: BaseException) -> str:
    """The message of an error of foreign code."""
    try:
        return clean(str(error))[:1000]
    except (WatchdogTimeout, KeyboardInterrupt):
        raise
    except BaseException:  # noqa: BLE001  an error is somebody else's object and may raise anything
        return "(its message can't be had)"


def clean(text: str) -> str:
    """Text that can be recorded: valid UTF-8."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def _confidence(value: Any) -> str | None:
    return None if type(value) is int and value == 1 else _text(value)


def _evidence(value: Any) -> tuple[str, ...]:
    if type(value) is not tuple:
        return (_text(value),)  # no id reads like that, so the gate says what is wrong
    return tuple([_text(item) for item in value]) if value else ()


def _text(value: Any) -> str:
    """Any value as recordable text: short, valid UTF-8, never running foreign code."""
    if type(value) is str:
        return clean(value if len(value) <= MAX_ID_LENGTH else value[: MAX_ID_LENGTH + 1])
    return str(value)[:40] if type(value) in _SPELT else clean(f"<{type(value).__name__[:80]}>")
