"""converge.yaml as a model: what a project may choose. Must never know what the environment says instead."""

from typing import Literal

from converge_cli.truth.diagnostics import InvalidTruthError
from converge_cli.truth.findings import Findings
from converge_cli.truth.model_reader import read_model
from converge_cli.truth.source import Source
from converge_cli.truth.yaml_source import read_yaml
from converge_cli.truth.yaml_types import Section, Text


class InvalidSettingsError(InvalidTruthError):
    """A converge.yaml that does not read; every finding is in `diagnostics`."""

    code = "SETTING_INVALID"


class StorageSection(Section, frozen=True):
    """Where runs are recorded.

    Attributes:
        backend: sqlite, which lasts, or memory, which is gone with the process.
        path: folder of the experience store, from this file on.
    """

    backend: Literal["sqlite", "memory"] = "sqlite"
    path: Text = ".converge"


class JwtSection(Section, frozen=True):
    """Which JSON web tokens converge serve takes. What is left out here is taken from the environment.

    Attributes:
        algorithm: what tokens are signed with; no other is taken.
        key: file with the public key (PEM) or keys (JWKS), for HS256 with the secret; from this file on.
        audience: what their aud names.
        issuer: what their iss says.
        type: what their typ says.
        leeway: seconds that clocks may differ.
    """

    algorithm: Literal["HS256", "RS256", "EdDSA"] | None = None
    key: Text | None = None
    audience: Text | None = None
    issuer: Text | None = None
    type: Text | None = None
    leeway: int | None = None


class ServeSection(Section, frozen=True):
    """What converge serve does beside its options.

    Attributes:
        jwt: which tokens it takes; none when it is left out.
    """

    jwt: JwtSection | None = None


class SettingsFile(Section, frozen=True):
    """The whole file. The environment (CONVERGE_*) wins over it.

    Attributes:
        storage: where runs are recorded.
        people: people file that overrides those beside the truths, from this file on.
        ledger: where runs are mirrored: a file, or grpc://HOST:PORT.
        serve: what converge serve does beside its options.
    """

    storage: StorageSection = StorageSection()
    people: Text | None = None
    ledger: Text | None = None
    serve: ServeSection = ServeSection()


def read_settings(source: Source) -> SettingsFile:
    """The settings of a converge.yaml.

    Raises:
        InvalidSettingsError: with a finding, at its place, for everything that is wrong.
    """
    findings = Findings()
    root = read_yaml(source, findings)
    read = read_model(root, SettingsFile, findings) if root is not None else None
    if read is None or findings.failed:
        raise InvalidSettingsError(findings.sorted())
    return read
