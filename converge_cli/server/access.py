"""How callers of a server are known: put together once when it starts, for every door."""

from collections.abc import Callable
from typing import NamedTuple

from converge_cli.app.jobs.caller import LOCAL
from converge_cli.app.jobs.keys import KeySetting, first_key
from converge_cli.server.credentials import Credentials
from converge_cli.server.door import CallerOf
from converge_cli.server.token_reader import TokenReader
from converge_cli.settings import TokenSettings

KEY, TOKEN = "api_key", "jwt"


class Access(NamedTuple):
    """Who may call.

    Attributes:
        caller_of: who calls; raises UnauthorizedError.
        ways: what credentials are taken; none where nobody is asked who they are.
    """

    caller_of: CallerOf
    ways: tuple[str, ...]


def anybody() -> Access:
    """Whoever can reach the server may do everything; for one that listens on this machine alone."""
    return Access(lambda _authorization, _address: LOCAL, ())


def whoever_is_known(
    keys: KeySetting,
    tokens: TokenSettings | None,
    note: Callable[[str], None],
    *,
    tell: Callable[[str], None] | None = None,
) -> Access:
    """Holders of a key of the store, and of a token where they are taken.

    Where there is no key yet, nor a token that opens anything, the first key is made and told, this once.

    Args:
        keys: of the store of the server.
        tokens: which are taken; None for none.
        note: tells whoever runs the server.
        tell: told the first key, which belongs into no log; `note` where it is left out.

    Raises:
        InvalidSettingError: tokens are to be taken, and what they are checked with can't be used.
        StoreUnavailableError: the first key can't be kept.
    """
    reader = None
    if tokens is not None:
        from converge_cli.server.token_key_file import TokenKeyFile  # noqa: PLC0415  only where tokens are taken

        reader = TokenReader(tokens, TokenKeyFile(tokens, keys.clock.monotonic, note), keys.clock)
    else:
        _tell_first_key(keys, tell or note)
    credentials = Credentials(keys.ring, keys.clock, tokens=reader, note=note)
    return Access(credentials.caller, (KEY,) if reader is None else (KEY, TOKEN))


def _tell_first_key(keys: KeySetting, note: Callable[[str], None]) -> None:
    made = first_key(keys)
    if made is None:
        return
    note(
        f"converge: the first key of this store, told only now; it is {made.key.person}'s, who may "
        f"{', '.join(made.key.roles)}, and decides nothing:\n"
        f"  export CONVERGE_API_KEY={made.secret}\n"
        "  others   converge keys new --person PERSON --role ROLE"
    )
