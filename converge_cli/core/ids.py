"""Fact ids: `<kind>:<name>`, colon-joined segments; `@<n>` marks the n-th version of a subject."""

import re

SEGMENT = r"[A-Za-z0-9][A-Za-z0-9._/-]*"
_WHOLE = SEGMENT.replace("]*", "]*+")
"""A segment that never gives characters back: ids are matched for every proposal."""

FACT_ID = re.compile(rf"({_WHOLE})(?::{_WHOLE})++")
CLAUSE_ID = re.compile(r"[a-z][a-z0-9_]*")
MAX_ID_LENGTH = 512

_VERSION = re.compile(r"([^@]+)@([2-9]|[1-9][0-9]+)")
_NOT_IN_A_SLUG = re.compile(r"[^A-Za-z0-9._/-]+")


def kind_of(fact_id: str) -> str:
    """The kind: the text before the first colon."""
    return fact_id.partition(":")[0]


def subject_of(fact_id: str) -> str:
    """The id without its version: what the fact, corrected or not, is about."""
    return fact_id.partition("@")[0] if "@" in fact_id else fact_id


def version_of(fact_id: str) -> int | None:
    """1 for a first version, n for `<subject>@<n>`, None when the suffix is malformed."""
    if "@" not in fact_id:
        return 1
    match = _VERSION.fullmatch(fact_id)
    return int(match.group(2)) if match else None


def next_version(fact_id: str) -> str:
    """The id that a correction of this fact must have."""
    return f"{subject_of(fact_id)}@{(version_of(fact_id) or 1) + 1}"


def slug(text: str) -> str:
    """A segment made of any text: letters, digits, dot, slash and dash; empty when nothing is left."""
    return _NOT_IN_A_SLUG.sub("-", text.strip()).strip("-._/")
