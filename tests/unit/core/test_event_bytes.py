"""Recorded events read back as what was written, to the byte."""

from pathlib import Path

import msgspec

from converge_cli.core.event import FactPromoted, SuggestorExecuted, decode_event, encode_event
from converge_cli.core.recorded import RecordedProposal

AT = "2026-11-21T14:03:00.000000Z"
SAMPLE = Path(__file__).parents[2] / "golden" / "trace" / "vendor-selection.jsonl"


def test_a_recorded_payload_reads_back_with_its_bytes() -> None:
    """With a payload, without one, and with the JSON null."""
    proposals = tuple(
        RecordedProposal("Seeds", "text:a", payload)
        for payload in (msgspec.Raw(b'{"text":"x"}'), None, msgspec.Raw(b"null"))
    )
    event = SuggestorExecuted(seq=1, at=AT, cycle=1, suggestor="s", view=0, proposals=proposals)
    read = decode_event(encode_event(event))
    assert isinstance(read, SuggestorExecuted)
    assert [item.payload and bytes(item.payload) for item in read.proposals] == [b'{"text":"x"}', None, b"null"]


def test_the_content_of_a_note_reads_back_with_its_bytes() -> None:
    """Content stands only in facts that the engine wrote."""
    for content in (msgspec.Raw(b'{"code":"VIOLATED"}'), None):
        event = FactPromoted(seq=1, at=AT, cycle=1, key="Diagnostic", id="violation:a", content=content)
        read = decode_event(encode_event(event))
        assert isinstance(read, FactPromoted)
        assert (read.content and bytes(read.content)) == (content and bytes(content))


def test_every_recorded_event_encodes_to_the_bytes_that_it_was_read_from() -> None:
    """Canonical bytes: reading and writing again changes nothing."""
    for line in SAMPLE.read_bytes().splitlines():
        assert encode_event(decode_event(line)) == line
