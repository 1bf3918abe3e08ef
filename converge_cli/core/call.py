"""External calls as they are recorded: what was asked of the outside world, and what came back."""

import msgspec


class RecordedCall(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """A call whose answer an execution had: digests of bytes that are kept as blobs.

    Attributes:
        request: SHA-256 of the request's canonical JSON.
        answer: SHA-256 of the answer's bytes.
        occurrence: how many calls with the same request the execution had made before.
    """

    request: str
    answer: str
    occurrence: int = 0


class KeptCall(msgspec.Struct, frozen=True):
    """An answer that was kept on arrival, before anything was made of it.

    Attributes:
        since: sequence of the suggestor's last execution that counts as done, 0 before the first. All attempts since
            then share their answers; when the next one is done, they are used up.
    """

    suggestor: str
    since: int
    request: str
    occurrence: int
    answer: str
