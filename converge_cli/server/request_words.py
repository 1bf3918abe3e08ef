"""Words that come along with requests through every door, and what they may look like."""

import re

IDEMPOTENCY_KEY = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]{0,253}[\x21-\x7e])?")
_RUN = re.compile(r"[0-9a-z]{1,32}")
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")


def run_of(text: str) -> str:
    """The id of a run as the log has it; "" for what can be none, which might be anybody's secret."""
    return text if _RUN.fullmatch(text) else ""


def trace_of(text: str) -> str:
    """A W3C traceparent; one that is none is left out, as that standard asks for."""
    return text if _TRACEPARENT.fullmatch(text) else ""
