"""Exit codes. The meaning of a code never changes."""

from enum import IntEnum


class ExitCode(IntEnum):
    """What a process of `converge` ends with; those of stops stand beside the stop reasons, in `app.result_data`."""

    OK = 0
    ERROR = 1
    USAGE = 2
    UNMET = 3
    HUMAN = 4
    INDETERMINATE = 5
    BUDGET = 6
    VIOLATED = 7
    DENIED = 8
    UNVERIFIED = 9
    INTERRUPTED = 130


CODE_OF_ERROR = {
    "NAME_INVALID": ExitCode.USAGE,
    "PACKS_CHANGED": ExitCode.USAGE,
    "REQUEST_AMBIGUOUS": ExitCode.USAGE,
    "NOTHING_TO_VALIDATE": ExitCode.USAGE,
    "POLICY_MISSING": ExitCode.USAGE,
    "POLICY_TABLES_MISSING": ExitCode.USAGE,
    "USAGE": ExitCode.USAGE,
    "QUERY_INVALID": ExitCode.USAGE,
    "RECORD_CORRUPT": ExitCode.UNVERIFIED,
    "REPLAY_DIVERGED": ExitCode.UNVERIFIED,
    "TARGET_UNKNOWN": ExitCode.USAGE,
    "RECEIPT_UNVERIFIED": ExitCode.UNVERIFIED,
    "LEDGER_SNAPSHOT_INVALID": ExitCode.UNVERIFIED,
    "LEDGER_UNVERIFIED": ExitCode.UNVERIFIED,
    "LEDGER_REQUEST_INVALID": ExitCode.USAGE,
    "LEDGER_ADDRESS_INVALID": ExitCode.USAGE,
    "INTERRUPTED": ExitCode.INTERRUPTED,
}
"""Errors that do not end with 1."""
