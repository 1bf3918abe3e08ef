"""Who calls: reads the Authorization of a request, whichever door it comes through. Must never tell, print or keep it.

To a caller every refusal is the same; why it was is told to whoever runs the server, without a word of the credential.
"""

import threading
from collections.abc import Callable

from converge_cli.app.jobs.caller import Caller
from converge_cli.core.api_key import KeyRing, digest_of
from converge_cli.core.errors import ConvergeError
from converge_cli.core.port import Clock
from converge_cli.server.token_reader import CredentialRefusedError, TokenReader

MOST_LENGTH = 8192
"""Characters of a header that are looked at at all."""

_TOLD_IN_A_SECOND = 10
"""Refusals that are told one by one; of more only the number, so that nobody fills the log."""


class UnauthorizedError(ConvergeError):
    """A request has no credential that opens anything here; which part of it failed is not for the caller to know."""

    code = "UNAUTHORIZED"

    def __init__(self) -> None:
        super().__init__(
            "this needs a credential that holds here",
            hint="Authorization: Bearer KEY; converge keys new makes one",
            where="Authorization",
        )


class Credentials:
    """What tells callers from one another."""

    def __init__(
        self, keys: KeyRing, clock: Clock, *, tokens: TokenReader | None = None, note: Callable[[str], None]
    ) -> None:
        """Nothing is read yet.

        Args:
            keys: looked up at each request, so that a revoked one opens nothing from then on.
            clock: says whether a credential's time is up.
            tokens: reads JSON web tokens; None where none are taken.
            note: told why a credential was refused.
        """
        self._keys = keys
        self._clock = clock
        self._tokens = tokens
        self._refusals = _Refusals(clock.monotonic, note)

    def caller(self, authorization: str, address: str = "") -> Caller:
        """Who calls.

        Args:
            authorization: text of the header, "" for none.
            address: where the request comes from, for the log.

        Raises:
            UnauthorizedError: whatever it was.
            RecordCorruptError: the key was damaged in the store.
            StoreUnavailableError: keys can't be looked up.
        """
        try:
            return self._known(authorization)
        except CredentialRefusedError as refused:
            self._refusals.tell(refused.reason, address)
            raise UnauthorizedError from None

    def _known(self, authorization: str) -> Caller:
        if not authorization:
            raise CredentialRefusedError("there is none")
        if len(authorization) > MOST_LENGTH:
            raise CredentialRefusedError("it is too long")
        scheme, _, credential = authorization.partition(" ")
        if scheme.lower() != "bearer":
            raise CredentialRefusedError("it is not Bearer")
        digest = digest_of(credential)
        if digest is not None:
            return self._holder(digest)
        if self._tokens is None:
            raise CredentialRefusedError("it has not the form of a key, and no tokens are taken")
        return self._tokens.caller(credential)

    def _holder(self, digest: str) -> Caller:
        # Looked up by its digest: how long that takes tells nothing of any secret, since nobody can choose a digest.
        key = self._keys.find(digest)
        if key is None:
            raise CredentialRefusedError("there is no such key")
        standing = key.standing(self._clock.now())
        if standing != "valid":
            raise CredentialRefusedError(f"key {key.id} of {key.person} is {standing}")
        return Caller(key.person, frozenset(key.roles))


class _Refusals:
    """Tells refusals in the log, so many in a second and no more."""

    def __init__(self, monotonic: Callable[[], float], note: Callable[[str], None]) -> None:
        self._monotonic = monotonic
        self._note = note
        self._lock = threading.Lock()
        self._second = -1
        self._told = 0
        self._kept_back = 0

    def tell(self, reason: str, address: str) -> None:
        """Tell one, and how many were kept back before it."""
        with self._lock:
            second = int(self._monotonic())
            if second != self._second:
                self._second, self._told = second, 0
            self._told += 1
            if self._told > _TOLD_IN_A_SECOND:
                self._kept_back += 1
                return
            before, self._kept_back = self._kept_back, 0
        if before:
            self._note(f"credentials: {before} more were refused")
        self._note(f"credentials: refused{f' from {address}' if address else ''}: {reason}")
