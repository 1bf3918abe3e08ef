"""Error codes: stable, upper snake case, one meaning each. Scripts and people look for them."""

import ast
import re
from pathlib import Path

import converge_cli
from converge_cli.app.result_data import EXIT_CODES
from converge_cli.cli.exit_code import CODE_OF_ERROR, ExitCode
from converge_cli.core.stop_reason import StopReason

SOURCE = Path(converge_cli.__file__).parent

CODES = {
    "BLOB_NOT_FOUND",
    "BODY_TOO_LARGE",
    "BUDGET_TOO_LARGE",
    "CALL_FORBIDDEN",
    "CANNOT_LISTEN",
    "COMMIT_MALFORMED",
    "CONCURRENT_APPEND",
    "CONVERGE_ERROR",
    "CREDENTIAL_IN_QUERY",
    "DECISION_INVALID",
    "EARLIER_RUN_HUNG",
    "EXAMPLE_INPUT_INVALID",
    "FACT_NOT_FOUND",
    "FILE_EXISTS",
    "FILE_UNREADABLE",
    "FORBIDDEN",
    "HEAD_TOO_LARGE",
    "IDEMPOTENCY_CONFLICT",
    "IDENTITY_EXISTS",
    "IDENTITY_INVALID",
    "INPUT_INVALID",
    "INPUT_UNKNOWN",
    "INPUT_UNREADABLE",
    "INTERNAL",
    "INTERRUPTED",
    "JOB_INVALID",
    "JOB_NOT_CHOSEN",
    "JOB_NOT_FOUND",
    "JOB_NOT_OPEN",
    "KEY_EXISTS",
    "KEY_INVALID",
    "KEY_NOT_FOUND",
    "KIND_MALFORMED",
    "LEASE_LOST",
    "LEDGER_ADDRESS_INVALID",
    "LEDGER_CONTEXT_NOT_EMPTY",
    "LEDGER_CONTEXT_UNKNOWN",
    "LEDGER_ENTRY_CONFLICT",
    "LEDGER_ENTRY_TOO_LARGE",
    "LEDGER_REQUEST_INVALID",
    "LEDGER_SNAPSHOT_INVALID",
    "LEDGER_UNAVAILABLE",
    "LEDGER_UNVERIFIED",
    "LEDGER_WATCHER_SLOW",
    "MEDIA_TYPE_UNKNOWN",
    "METHOD_NOT_ALLOWED",
    "NAME_INVALID",
    "NAME_TAKEN",
    "NOTHING_TO_COPY",
    "NOTHING_TO_TRY",
    "NOTHING_TO_VALIDATE",
    "NOT_MENDED",
    "NOT_WRITABLE",
    "ORIGIN_FORBIDDEN",
    "PACKS_CHANGED",
    "PACK_INVALID",
    "PACK_NOT_FOUND",
    "PARAMETERS_INVALID",
    "PARAMETER_INVALID",
    "PEOPLE_INVALID",
    "PERSON_UNKNOWN",
    "POLICY_INVALID",
    "POLICY_MISSING",
    "POLICY_TABLES_MISSING",
    "POLICY_TABLE_INVALID",
    "PROJECT_EXISTS",
    "QUERY_INVALID",
    "QUEUE_FULL",
    "READER_SLOW",
    "READ_ONLY",
    "READ_UNDECLARED",
    "RECEIPT_FILE",
    "RECEIPT_REFUSED",
    "RECEIPT_UNVERIFIED",
    "RECORD_CORRUPT",
    "REPLAY_DIVERGED",
    "REPLAY_IMPOSSIBLE",
    "REQUEST_AMBIGUOUS",
    "REQUEST_INVALID",
    "REQUEST_MALFORMED",
    "REQUEST_SLOW",
    "REQUEST_UNKNOWN",
    "REQUIREMENT_MISSING",
    "ROUTE_NOT_FOUND",
    "RUN_BUSY",
    "RUN_ID_MALFORMED",
    "RUN_NOT_BEGUN",
    "RUN_NOT_FOUND",
    "RUN_NOT_RESUMABLE",
    "SELECTOR_MALFORMED",
    "SERVER_ADDRESS_INVALID",
    "SERVER_ANSWER_INVALID",
    "SERVER_UNREACHABLE",
    "SETTING_INVALID",
    "SOURCE_UNREADABLE",
    "STOPPING",
    "STORE_UNAVAILABLE",
    "STUCK",
    "SUBMISSION_INVALID",
    "TARGET_UNKNOWN",
    "TEMPLATES_FOLDER_INVALID",
    "TEMPLATE_MISNAMED",
    "TEXTS_INVALID",
    "TOO_MANY_REQUESTS",
    "TRACES_IMPOSSIBLE",
    "TRUTH_INVALID",
    "TRUTH_NOT_FOUND",
    "TRUTH_NOT_RUNNABLE",
    "UNAUTHORIZED",
    "UNAVAILABLE",
    "USAGE",
    "VIEW_CLOSED",
    "WORKERS_LOST",
}


def assigned_codes(path: Path) -> set[str]:
    """Texts that a module assigns to a name or attribute `code`, in capitals."""
    found = set()
    for line in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(line, ast.Assign) or not isinstance(line.value, ast.Constant):
            continue
        names = {getattr(target, "id", getattr(target, "attr", "")) for target in line.targets}
        if "code" in names and re.fullmatch("[A-Z_]+", str(line.value.value)):
            found.add(line.value.value)
    return found


def test_the_codes_of_errors_are_these():
    """A code that changes breaks whoever waits for it; a new one is written down here."""
    assert CODES == set().union(*(assigned_codes(path) for path in SOURCE.rglob("*.py")))


def test_errors_that_do_not_end_with_1_have_known_codes():
    """A misspelt code in the table would silently end with 1."""
    assert set() == set(CODE_OF_ERROR) - CODES


def test_the_exit_codes_are_these():
    """The meaning of an exit code never changes."""
    expected = {
        "OK": 0, "ERROR": 1, "USAGE": 2, "UNMET": 3, "HUMAN": 4, "INDETERMINATE": 5, "BUDGET": 6, "VIOLATED": 7,
        "DENIED": 8, "UNVERIFIED": 9, "INTERRUPTED": 130,
    }  # fmt: skip
    assert expected == {code.name: code.value for code in ExitCode}


def test_every_stop_reason_has_its_exit_code():
    """A stop without a code would be a crash at the very end of a run."""
    expected = {
        "CriteriaMet": 0, "Converged": 0, "SuggestorFailed": 1, "CriteriaUnmet": 3, "HumanInterventionRequired": 4,
        "Indeterminate": 5, "CycleBudgetExhausted": 6, "FactBudgetExhausted": 6, "TokenBudgetExhausted": 6,
        "CostBudgetExhausted": 6, "TimeBudgetExhausted": 6, "NoProgress": 6, "InvariantViolated": 7, "FactConflict": 7,
        "PolicyDenied": 8, "Cancelled": 130,
    }  # fmt: skip
    assert expected == {reason.value: EXIT_CODES[reason] for reason in StopReason}
