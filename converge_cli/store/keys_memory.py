"""API keys in memory; gone with the process."""

import threading
from collections.abc import Iterable

import msgspec

from converge_cli.core.api_key import ApiKey, KeyExistsError, KeyNotFoundError


class MemoryKeys:
    """The KeyRing port over a dictionary."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._keys: dict[str, ApiKey] = {}

    def add(self, key: ApiKey) -> None:
        """Keep a new key; see `KeyRing.add`."""
        with self._lock:
            if any(key.id == known.id or key.digest == known.digest for known in self._keys.values()):
                raise KeyExistsError(key.id)
            self._keys[key.id] = key

    def add_first(self, key: ApiKey) -> bool:
        """Keep a key if there is none; see `KeyRing.add_first`."""
        with self._lock:
            if self._keys:
                return False
            self._keys[key.id] = key
            return True

    def find(self, digest: str) -> ApiKey | None:
        """The key whose secret has a digest; see `KeyRing.find`."""
        with self._lock:
            return next((key for key in self._keys.values() if key.digest == digest), None)

    def all(self) -> Iterable[ApiKey]:
        """Every key, the oldest first; see `KeyRing.all`."""
        with self._lock:
            return list(self._keys.values())

    def revoke(self, id: str, now: str) -> ApiKey:  # noqa: A002  the port's name
        """Have a key open nothing any more; see `KeyRing.revoke`."""
        with self._lock:
            key = self._keys.get(id)
            if key is None:
                raise KeyNotFoundError(id)
            if not key.revoked_at:
                key = self._keys[id] = msgspec.structs.replace(key, revoked_at=now)
            return key
