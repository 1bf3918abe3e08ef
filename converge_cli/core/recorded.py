"""What a run had, as events keep it: a proposal, an input, a pack, a text. Recorded histories must stay readable."""

from typing import TYPE_CHECKING

import msgspec

from converge_cli.core.registry import TextPart

# msgspec decodes `Raw | None` as null alone; a plain Raw whose default is None reads back what was written.
if TYPE_CHECKING:
    OptionalRaw = msgspec.Raw | None
else:
    OptionalRaw = msgspec.Raw


class RecordedProposal(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """A proposal as it was made: canonical payload bytes, or why it has none."""

    key: str
    id: str
    payload: OptionalRaw = None
    confidence: str | None = None
    evidence: tuple[str, ...] = ()
    corrects: str | None = None
    unreadable: str | None = None


class InputRecord(msgspec.Struct, frozen=True, omit_defaults=True):
    """An input that was given: its name, where it was read from, and the SHA-256 of its bytes."""

    name: str
    source: str
    digest: str


class PackRecord(msgspec.Struct, frozen=True, omit_defaults=True):
    """A pack as it was: version and SHA-256 over its files; each SHA-256 names a blob.

    Attributes:
        digest: of the canonical JSON of [[path, SHA-256 of its bytes] ...]; the bytes of pack.yaml are kept as well.
        policy: of the canonical JSON of its `PolicyFiles`; "" for a pack without a policy.
    """

    name: str
    version: str
    digest: str
    policy: str = ""


class SourceRecord(msgspec.Struct, frozen=True):
    """A text that the job was compiled from: its path inside the project, and the SHA-256 of its bytes, a blob."""

    part: TextPart
    name: str
    digest: str
