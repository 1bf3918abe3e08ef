"""What can go wrong with a ledger. None of it ever reaches a run."""

from converge_cli.core.errors import ConvergeError


class LedgerRequestError(ConvergeError):
    """The caller asked for something that no ledger does."""

    code = "LEDGER_REQUEST_INVALID"

    def __init__(
        self, message: str, *, hint: str = "ask again within these limits: docs/ledger.md", where: str | None = None
    ) -> None:
        super().__init__(message, hint=hint, where=where)


class EntryTooLargeError(ConvergeError):
    """An entry, or an append, has more bytes than a ledger takes."""

    code = "LEDGER_ENTRY_TOO_LARGE"

    def __init__(self, what: str, size: int | None, limit: int) -> None:
        """Without a size where nobody counted further than the limit."""
        told = f"more than {limit} bytes" if size is None else f"{size} bytes, {limit} are allowed"
        super().__init__(
            f"{what[:200]}: {told}; nothing was written",
            hint="keep large things elsewhere and append their digest",
            where=what[:200],
        )


class EntryConflictError(ConvergeError):
    """An entry id is taken: the ledger never changes an entry."""

    code = "LEDGER_ENTRY_CONFLICT"

    def __init__(self, context: str, entry: str, sequence: int) -> None:
        super().__init__(
            f"context {context} holds entry {entry} with other content, at sequence {sequence}; nothing was written",
            hint="append under another id; a retry must carry the same key, payload and metadata",
            where=entry,
        )


class ContextNotEmptyError(ConvergeError):
    """A snapshot can only be loaded into a context that has no entries."""

    code = "LEDGER_CONTEXT_NOT_EMPTY"

    def __init__(self, context: str, count: int) -> None:
        super().__init__(
            f"context {context} has {count} {'entry' if count == 1 else 'entries'} already; nothing was loaded",
            hint="load it into another ledger: a snapshot never overwrites",
            where=context,
        )


class ContextUnknownError(ConvergeError):
    """The context has no entries."""

    code = "LEDGER_CONTEXT_UNKNOWN"

    def __init__(self, context: str) -> None:
        super().__init__(
            f"context {context} has no entries in this ledger",
            hint="a run is mirrored with: converge run TRUTH --ledger URL",
            where=context,
        )


class SnapshotInvalidError(ConvergeError):
    """The bytes are no snapshot, or not one as it was made."""

    code = "LEDGER_SNAPSHOT_INVALID"

    def __init__(self, why: str, where: str = "snapshot") -> None:
        super().__init__(
            f"the snapshot is refused: {why}; nothing was loaded", hint="take the snapshot again", where=where
        )


class LedgerUnverifiedError(ConvergeError):
    """What a ledger answers does not hold together, or differs from the record."""

    code = "LEDGER_UNVERIFIED"

    def __init__(self, context: str, sequence: int, why: str) -> None:
        super().__init__(
            f"context {context} can't be relied on from sequence {sequence} on: {why}",
            hint="the experience store is the authority; mirror the run into another ledger",
            where=f"{context}:{sequence}",
        )


class SlowWatcherError(ConvergeError):
    """A watcher took too long over what it was given, and was let go.

    Attributes:
        last: the last sequence that it was given.
    """

    code = "LEDGER_WATCHER_SLOW"

    def __init__(self, context: str, last: int) -> None:
        super().__init__(
            f"the watcher of context {context} fell too far behind; it was given everything up to sequence {last}",
            hint=f"watch again after sequence {last}",
            where=f"{context}:{last}",
        )
        self.last = last


class LedgerUnavailableError(ConvergeError):
    """The ledger can't be reached, or its disk fails it.

    Attributes:
        why: what is wrong, without its name.
    """

    code = "LEDGER_UNAVAILABLE"

    def __init__(self, where: str, why: str, hint: str = "check that it runs: converge ledger serve") -> None:
        super().__init__(f"the ledger {where} can't be used: {why}", hint=hint, where=where)
        self.why = why


class LedgerAddressError(ConvergeError):
    """What names a ledger is neither a file nor a URL that leads to one."""

    code = "LEDGER_ADDRESS_INVALID"
