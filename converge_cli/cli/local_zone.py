"""The time zone of the screen. Times are local on screen, UTC in data."""

import time
from datetime import timedelta, timezone


def local_zone() -> timezone:
    """The time zone of this machine, as it is now."""
    return timezone(timedelta(seconds=time.localtime().tm_gmtoff))
