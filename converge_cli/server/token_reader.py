"""Reads JSON web tokens (RFC 7519, checked as RFC 8725 asks): who they name, as which roles.

What is accepted is said by the settings alone: one algorithm, one issuer, one audience, one type. Nothing in a token
chooses how it is checked but `kid`, which only picks among the keys that were configured.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

from converge_cli.app.jobs.caller import Caller
from converge_cli.app.jobs.keys import is_person
from converge_cli.core.port import Clock
from converge_cli.core.role import Role
from converge_cli.settings import TokenSettings

ROLES_CLAIM = "converge_roles"
SCOPE_PREFIX = "converge:"
"""In `scope` a role is written so, since other programs have their words there as well."""

_SEGMENTS = 3
_MEDIA = "application/"
_LAST = 253_402_300_799
"""The last second of the year 9999: no time is later."""


class CredentialRefusedError(Exception):
    """A credential opens nothing; `reason` is for the log, and repeats nothing that the caller wrote."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Keys(Protocol):
    """What tokens are checked with."""

    def key(self, kid: Any) -> Any:
        """The key that a token names; raises ValueError where there is none."""


class TokenReader:
    """Checks tokens by the settings of one server."""

    def __init__(self, settings: TokenSettings, keys: Keys, clock: Clock) -> None:
        """Keys are those of the settings, read already."""
        self._settings = settings
        self._keys = keys
        self._clock = clock

    def caller(self, token: str) -> Caller:
        """Whom a token names.

        Raises:
            CredentialRefusedError: it does not hold here.
        """
        claims = self._verified(token)
        self._check_times(claims)
        person = claims.get("sub")
        if not isinstance(person, str) or not is_person(person):
            raise CredentialRefusedError("the token's sub can be no person's id")
        roles = roles_in(claims)
        if not roles:
            raise CredentialRefusedError("the token gives no role of ours")
        return Caller(person, roles)

    def _verified(self, token: str) -> Mapping[str, Any]:
        """The claims of a token whose signature, type, issuer and audience are right."""
        import jwt  # noqa: PLC0415  only a server that takes tokens needs it

        settings = self._settings
        if not token.isascii() or token.count(".") != _SEGMENTS - 1:
            raise CredentialRefusedError("it has neither the form of a key nor that of a token")
        try:
            header = jwt.get_unverified_header(token)
            self._check_header(header)
            claims: Mapping[str, Any] = jwt.decode(
                token,
                key=self._keys.key(header.get("kid")),
                algorithms=[settings.algorithm],
                audience=settings.audience,
                issuer=settings.issuer,
                # Times are compared below, with the clock that everything here is compared with.
                options={
                    "require": ["exp", "iss", "aud", "sub"],
                    "verify_exp": False,
                    "verify_nbf": False,
                    "verify_iat": False,
                    "enforce_minimum_key_length": True,
                },
            )
        except jwt.PyJWTError as error:
            raise CredentialRefusedError(f"the token does not hold: {type(error).__name__}") from None
        except (ValueError, TypeError, RecursionError):  # what no library foresaw is no token either
            raise CredentialRefusedError("the token can't be read") from None
        return claims

    def _check_header(self, header: Mapping[str, Any]) -> None:
        if header.get("alg") != self._settings.algorithm:
            raise CredentialRefusedError("the token has another algorithm")
        kind = header.get("typ")
        if not isinstance(kind, str) or kind.lower().removeprefix(_MEDIA) != self._settings.type.lower():
            raise CredentialRefusedError("the token has another type")
        if "crit" in header:
            raise CredentialRefusedError("the token asks for something that is not understood here")

    def _check_times(self, claims: Mapping[str, Any]) -> None:
        now = datetime.fromisoformat(self._clock.now()).timestamp()
        leeway = self._settings.leeway
        if _seconds(claims, "exp") <= now - leeway:
            raise CredentialRefusedError("the token has expired")
        for name in ("nbf", "iat"):
            if name in claims and _seconds(claims, name) > now + leeway:
                raise CredentialRefusedError("the token does not hold yet")


def roles_in(claims: Mapping[str, Any]) -> frozenset[Role]:
    """The roles that claims name: in `converge_roles` as they are, in `scope` with `converge:` before them.

    Whatever else stands there is for other programs.
    """
    own, scope = claims.get(ROLES_CLAIM), claims.get("scope")
    words = own.split() if isinstance(own, str) else own if isinstance(own, list) else []
    scoped = [word.removeprefix(SCOPE_PREFIX) for word in _words(scope) if word.startswith(SCOPE_PREFIX)]
    known = {role.value: role for role in Role}
    return frozenset(known[word] for word in (*words, *scoped) if isinstance(word, str) and word in known)


def _words(scope: Any) -> list[str]:
    return scope.split() if isinstance(scope, str) else []


def _seconds(claims: Mapping[str, Any], name: str) -> float:
    value = claims.get(name)
    # Written so that NaN is none either.
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= _LAST:
        raise CredentialRefusedError(f"the token's {name} is no time")
    return float(value)
