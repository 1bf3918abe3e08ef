"""A time after another, both as the Clock port writes them. Must never read a clock."""

from datetime import UTC, datetime, timedelta


def later(moment: str, seconds: float) -> str:
    """UTC, ISO 8601 with microseconds and Z, so many seconds after a moment of that form."""
    after = datetime.fromisoformat(moment).astimezone(UTC) + timedelta(seconds=seconds)
    return after.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
