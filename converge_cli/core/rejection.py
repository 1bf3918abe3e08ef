"""Why a proposal is rejected: the codes of the promotion gate, in the order in which it checks."""

REJECTIONS = (
    "ID_MALFORMED",
    "ENGINE_OWNED",
    "KIND_UNKNOWN",
    "WRITE_UNDECLARED",
    "GATE_RESERVED",
    "PAYLOAD_INVALID",
    "CONTENT_EMPTY",
    "TOO_LARGE",
    "CORRECTION_INVALID",
    "CONFIDENCE_INVALID",
    "EVIDENCE_UNKNOWN",
    "EVIDENCE_SUPERSEDED",
    "TRANSITION_ILLEGAL",
    "TRANSITION_GATE_MISSING",
    "CONSTRAINT",
    "VALIDATION",
    "CONTRACT",
)
"""Every code; the meaning of one never changes."""
