"""Authorizers between the runs of a server: a policy is parsed once, however many runs it decides.

They are shared by all worker threads: an authorizer holds nothing of a run.
"""

import threading
from collections.abc import Callable, Mapping

from converge_cli.core.pack import PolicyFiles
from converge_cli.core.port import FlowGate

_MOST = 64
_Files = tuple[tuple[str, PolicyFiles], ...]


class KeptGates:
    """Makes the authorizer of a set of packs' policies, or gives the one that it made before."""

    def __init__(self, make: Callable[[Mapping[str, PolicyFiles]], FlowGate]) -> None:
        self._make = make
        # The files are held with the gate, so that no other object can come to have their identity.
        self._kept: dict[tuple[tuple[str, int], ...], tuple[_Files, FlowGate]] = {}
        self._lock = threading.Lock()

    def __call__(self, policies: Mapping[str, PolicyFiles]) -> FlowGate:
        """The authorizer of these policies; packs that are kept give the same objects each time.

        Raises:
            InvalidPolicyError: a policy is not valid.
        """
        files = tuple(policies.items())
        key = tuple((name, id(item)) for name, item in files)
        kept = self._kept.get(key)
        if kept is None:
            with self._lock:
                kept = self._kept.get(key)
                if kept is None:
                    kept = self._kept[key] = files, self._make(policies)
                    while len(self._kept) > _MOST:
                        del self._kept[next(iter(self._kept))]
        return kept[1]
