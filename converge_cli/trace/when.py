"""Times and durations in words: local on screen, UTC in data. Reads no clock."""

from datetime import datetime, tzinfo
from decimal import Decimal


def local_time(utc: str, zone: tzinfo) -> str:
    """`2026-11-23 14:10` in the reader's zone; the text itself when it is no time."""
    try:
        return datetime.fromisoformat(utc).astimezone(zone).strftime("%Y-%m-%d %H:%M")
    except ValueError:
        return utc


def seconds_between(earlier: str, later: str) -> float:
    """Seconds from one UTC time to another; 0 when a clock went back or a text is no time."""
    try:
        return max((datetime.fromisoformat(later) - datetime.fromisoformat(earlier)).total_seconds(), 0.0)
    except ValueError:
        return 0.0


def duration(seconds: float | Decimal) -> str:
    """`12 ms`, `0.8 s`, `41 s`, `5 m`, `2 h 5 m`, `3 d 4 h`."""
    seconds = float(seconds)
    if 0 < seconds < 0.1:
        return f"{max(round(seconds * 1000), 1)} ms"
    if seconds < 10:
        return f"{seconds:.1f} s" if seconds % 1 >= 0.05 else f"{int(seconds)} s"
    whole = round(seconds)
    for big, small, per, size in (("d", "h", 3600, 24), ("h", "m", 60, 60), ("m", "s", 1, 60)):
        if whole >= per * size:
            much, rest = divmod(whole // per, size)
            return f"{much} {big} {rest} {small}" if rest else f"{much} {big}"
    return f"{whole} s"
