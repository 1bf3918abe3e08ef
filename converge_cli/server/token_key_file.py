"""The file that tokens are checked with, while a server runs: what its issuer changed there holds within seconds.

A file that can't be used any more changes nothing: the keys that were read last hold on, and whoever runs the server is
told. Must never read what a token names.
"""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from converge_cli.server.token_keys import read_token_keys
from converge_cli.settings import InvalidSettingError, TokenSettings

LOOK_SECONDS = 1.0
"""How often the file is looked at, at most; as many tokens as come in that time cost nothing."""

_Stamp = tuple[int, int, int] | None


class TokenKeyFile:
    """The keys of one file, as it stands.

    Args:
        settings: which file, and for what algorithm.
        monotonic: seconds that only grow.
        note: told what became of the file since.

    Raises:
        InvalidSettingError: the file can't be read, or holds no key for the algorithm.
    """

    def __init__(self, settings: TokenSettings, monotonic: Callable[[], float], note: Callable[[str], None]) -> None:
        self._settings = settings
        self._monotonic = monotonic
        self._note = note
        self._lock = threading.Lock()
        self._stamp = _stamp_of(settings.key)
        self._looked = monotonic()
        self._keys = read_token_keys(settings)

    def key(self, kid: Any) -> Any:
        """The key that a token names; see `TokenKeys.key`.

        Raises:
            ValueError: there is none of that name, or it was not said which.
        """
        with self._lock:
            if self._monotonic() - self._looked >= LOOK_SECONDS:
                self._look()
            keys = self._keys
        return keys.key(kid)

    def _look(self) -> None:
        self._looked, stamp = self._monotonic(), _stamp_of(self._settings.key)
        if stamp == self._stamp:
            return
        # Taken before the file is read: what is written meanwhile is seen the next time.
        self._stamp = stamp
        try:
            self._keys = read_token_keys(self._settings)
        except InvalidSettingError as error:
            self._note(f"tokens: {error.message}; the keys that were read before hold on")
        else:
            self._note(f"tokens: {self._settings.key} was read again")


def _stamp_of(path: Path) -> _Stamp:
    """What changes whenever a file is written, replaced or given to others to read; None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_ctime_ns
