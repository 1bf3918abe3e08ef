"""Version ranges such as `>=0.1,<2`: which versions of Converge a pack runs with."""

import re

_PART = re.compile(r"(>=|<=|==|!=|>|<)\s*([0-9]+(?:\.[0-9]+)*)")
_RELEASE = re.compile(r"[0-9]+(?:\.[0-9]+)*")


def is_range(text: str) -> bool:
    """Whether the text is a comma-separated list of comparisons with versions."""
    return all(_PART.fullmatch(part.strip()) for part in text.split(","))


def in_range(version: str, text: str) -> bool:
    """Whether a version satisfies every part of a well-formed range; only its release numbers count."""
    match = _RELEASE.match(version)
    ours = _numbers(match.group() if match else "0")
    return all(_holds(ours, part.strip()) for part in text.split(","))


def _holds(ours: tuple[int, ...], part: str) -> bool:
    match = _PART.fullmatch(part)
    if match is None:
        return False
    theirs = _numbers(match.group(2))
    size = max(len(ours), len(theirs))
    left, right = (numbers + (0,) * (size - len(numbers)) for numbers in (ours, theirs))
    return {
        ">=": left >= right,
        "<=": left <= right,
        "==": left == right,
        "!=": left != right,
        ">": left > right,
        "<": left < right,
    }[match.group(1)]


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split("."))
