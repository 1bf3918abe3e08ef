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


class SettingsFile(Section, frozen=True):
    """The whole file. The environment (CONVERGE_*) wins over it.

    Attributes:
        storage: where runs are recorded.
        people: people file that overrides those beside the truths, from this file on.
        ledger: where runs are mirrored: a file, or grpc://HOST:PORT.
    """

    storage: StorageSection = StorageSection()
    people: Text | None = None
    ledger: Text | None = None


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
