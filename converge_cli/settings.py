"""Settings: converge.yaml of the project, then the environment (CONVERGE_*), which wins. Unknown keys are errors."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from converge_cli.core.errors import ConvergeError, did_you_mean

if TYPE_CHECKING:
    from converge_cli.app.settings_file import SettingsFile
    from converge_cli.core.ledger_address import LedgerAddress

FILE = "converge.yaml"
BACKENDS = ("sqlite", "memory")
ALGORITHMS = ("HS256", "RS256", "EdDSA")
LOG_FORMS = ("text", "json", "off")
LOG_LEVELS = ("debug", "info", "warning", "error")
TOKEN_VARIABLES = {
    "algorithm": "CONVERGE_JWT_ALGORITHM",
    "key": "CONVERGE_JWT_KEY",
    "audience": "CONVERGE_JWT_AUDIENCE",
    "issuer": "CONVERGE_JWT_ISSUER",
    "type": "CONVERGE_JWT_TYPE",
    "leeway": "CONVERGE_JWT_LEEWAY",
}
"""Key of `serve.jwt` -> the variable that wins over it."""

_MOST_LEEWAY = 300


class InvalidSettingError(ConvergeError):
    """A setting of the environment has a value that means nothing."""

    code = "SETTING_INVALID"


@dataclass(frozen=True, slots=True)
class Settings:
    """What a deployment chooses.

    Attributes:
        storage_backend: `sqlite` (durable) or `memory` (gone with the process).
        storage_path: folder of the experience store.
        people: people file that overrides the one beside the truths, or None.
        ledger: where runs are mirrored, or None.
        identities: folder of the user's own key files; never a project's.
    """

    storage_backend: str
    storage_path: Path
    people: Path | None
    ledger: "LedgerAddress | None" = None
    identities: Path = Path()


@dataclass(frozen=True, slots=True)
class TokenSettings:
    """Which JSON web tokens a server takes.

    Attributes:
        algorithm: `HS256`, `RS256` or `EdDSA`; no other is taken.
        key: file with the secret, the public key (PEM) or a set of them (JWKS).
        audience: what `aud` must name.
        issuer: what `iss` must be.
        type: what `typ` must be.
        leeway: seconds that the issuer's clock may differ from ours.
    """

    algorithm: str
    key: Path
    audience: str
    issuer: str
    type: str = "JWT"
    leeway: int = 30


@dataclass(frozen=True, slots=True)
class LogSettings:
    """What a server writes about itself.

    Attributes:
        form: one of LOG_FORMS.
        level: the least that is written, one of LOG_LEVELS.
    """

    form: str = "text"
    level: str = "info"


def load_settings(folder: Path, environment: Mapping[str, str] | None = None) -> Settings:
    """The settings that hold for a folder: those of the nearest converge.yaml above it, and the environment.

    The store is kept in `.converge/` of the project (the nearest folder with converge.yaml or truths/), so that every
    folder of a project sees the same runs.

    Raises:
        InvalidSettingError: naming the variable and its choices.
        InvalidSettingsError: converge.yaml does not read.
        UnreadableFileError: it can't be read, or is no file.
    """
    env = os.environ if environment is None else environment
    home = _home(folder)
    written = _read(home / FILE) if _is_there(home / FILE) else None
    backend = env.get("CONVERGE_STORAGE_BACKEND") or (written.storage.backend if written else BACKENDS[0])
    if backend not in BACKENDS:
        hint = did_you_mean(backend, BACKENDS) or f"the choices are {', '.join(BACKENDS)}"
        raise InvalidSettingError(f"unknown storage backend {backend!r}", hint=hint, where="CONVERGE_STORAGE_BACKEND")
    path = env.get("CONVERGE_STORAGE_PATH")
    storage = folder / path if path else home / (written.storage.path if written else ".converge")
    people = written.people if written else None
    mirrored = _ledger(env.get("CONVERGE_LEDGER"), folder) or _ledger(written.ledger if written else None, home)
    return Settings(backend, storage, home / people if people else None, mirrored, _identities(env))


def load_token_settings(folder: Path, environment: Mapping[str, str] | None = None) -> TokenSettings | None:
    """Which tokens a server in a folder takes: those of `serve.jwt` in converge.yaml, and the environment, which wins.

    None where nothing is said of them.

    Raises:
        InvalidSettingError: something is missing, or means nothing.
        InvalidSettingsError, UnreadableFileError: as with `load_settings`.
    """
    env = os.environ if environment is None else environment
    home = _home(folder)
    section = _read(home / FILE).serve.jwt if _is_there(home / FILE) else None
    given = {name: env[variable] for name, variable in TOKEN_VARIABLES.items() if env.get(variable)}
    if section is None and not given:
        return None
    written = {name: getattr(section, name, None) for name in TOKEN_VARIABLES}
    chosen = {name: str(value) for name, value in written.items() if value is not None} | given
    _check_tokens(chosen)
    return TokenSettings(
        algorithm=chosen["algorithm"],
        key=(folder if "key" in given else home) / chosen["key"],
        audience=chosen["audience"],
        issuer=chosen["issuer"],
        type=chosen.get("type", "JWT"),
        leeway=int(chosen.get("leeway", 30)),
    )


def load_log_settings(environment: Mapping[str, str] | None = None) -> LogSettings:
    """How a server writes its log: CONVERGE_LOG and CONVERGE_LOG_LEVEL.

    Raises:
        InvalidSettingError: naming the variable and its choices.
    """
    env = os.environ if environment is None else environment
    form = env.get("CONVERGE_LOG") or LOG_FORMS[0]
    level = env.get("CONVERGE_LOG_LEVEL") or "info"
    for given, choices, name in ((form, LOG_FORMS, "CONVERGE_LOG"), (level, LOG_LEVELS, "CONVERGE_LOG_LEVEL")):
        if given not in choices:
            hint = did_you_mean(given, choices) or f"the choices are {', '.join(choices)}"
            raise InvalidSettingError(f"unknown {name} {given!r}", hint=hint, where=name)
    return LogSettings(form, level)


def _check_tokens(chosen: Mapping[str, str]) -> None:
    for name in ("algorithm", "key", "audience", "issuer"):
        if name not in chosen:
            raise InvalidSettingError(
                f"tokens are to be taken, and {TOKEN_VARIABLES[name]} is missing",
                hint=f"or serve.jwt.{name} in {FILE}; a token is checked against all of them",
                where=TOKEN_VARIABLES[name],
            )
    if chosen["algorithm"] not in ALGORITHMS:
        raise InvalidSettingError(
            f"unknown algorithm {chosen['algorithm']!r}",
            hint=did_you_mean(chosen["algorithm"], ALGORITHMS) or f"the choices are {', '.join(ALGORITHMS)}",
            where=TOKEN_VARIABLES["algorithm"],
        )
    leeway = chosen.get("leeway", "0")
    if not re.fullmatch("[0-9]{1,3}", leeway) or int(leeway) > _MOST_LEEWAY:
        told = f"clocks may differ by whole seconds, at most {_MOST_LEEWAY}, not {leeway!r}"
        raise InvalidSettingError(told, hint="leave it out for 30", where=TOKEN_VARIABLES["leeway"])


def _identities(env: Mapping[str, str]) -> Path:
    """Only the environment says where keys are: a project that could would have others sign with its own."""
    given = env.get("CONVERGE_IDENTITY_PATH")
    if given:
        return Path(given).absolute()
    config = env.get("XDG_CONFIG_HOME")
    try:
        home = Path(config) if config else Path.home() / ".config"
    except RuntimeError:  # a user without a home, as in some containers: nothing but keys needs one
        home = Path("/nonexistent")
    return home / "converge" / "identities"


def _ledger(text: str | None, folder: Path) -> "LedgerAddress | None":
    if not text:
        return None
    from converge_cli.core.ledger_address import parse_address  # noqa: PLC0415  most projects have no ledger

    return parse_address(text, folder)


def _home(folder: Path) -> Path:
    for candidate in (folder, *folder.parents):
        if _is_there(candidate / FILE) or (candidate / "truths").is_dir():
            return candidate
    return folder


def _read(path: Path) -> "SettingsFile":
    # Read only where there is such a file: most folders have none, and YAML with its limits takes a moment to import.
    from converge_cli.app.settings_file import read_settings  # noqa: PLC0415
    from converge_cli.truth.files import read_source  # noqa: PLC0415

    return read_settings(read_source(path))


def _is_there(path: Path) -> bool:
    """Whether there is anything of that name: what is no file is told, since passing it over would change settings."""
    try:
        return path.exists() or path.is_symlink()
    except OSError:  # told by whoever looks at what is inside
        return False
