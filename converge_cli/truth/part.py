"""One contract of a compilation with its tree: the job's own, or a shared one that is merged into the job."""

from typing import Any

import msgspec

from converge_cli.truth.contract import Contract, SharedContract
from converge_cli.truth.findings import Place
from converge_cli.truth.source import Source
from converge_cli.truth.yaml_source import Node


class Part(msgspec.Struct, frozen=True):
    """A contract, where it stands, and its features.

    Attributes:
        owner: the key of a shared truth, empty for the job itself.
        whole: whether every feature that it names is there.
    """

    contract: Contract | SharedContract
    root: Node
    features: tuple[Source, ...] = ()
    owner: str = ""
    whole: bool = True

    def place(self, *path: Any) -> Place:
        """The place of the value at a path, or of the last one on the way there."""
        return self.root.nearest(*path).place
