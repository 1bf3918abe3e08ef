"""Diagnostics: what is wrong with a text, where, and what to do."""

from collections.abc import Iterable, Sequence

import msgspec

from converge_cli.core.errors import ConvergeError
from converge_cli.truth.codes import Severity


class Replacement(msgspec.Struct, frozen=True):
    """What mends a finding beyond doubt: a stretch of its line, and the text that goes there."""

    column: int
    end_column: int
    text: str


class Diagnostic(msgspec.Struct, frozen=True, omit_defaults=True):
    """One finding.

    Attributes:
        code, name: of the catalogue, for example CV014 and unknown-step.
        line, column: 1-based place of the first character at fault; end_column is one past the last.
        fix: what to do, in a sentence.
        source_line: the line at fault, as written.
        replacement: what `--fix` writes; None where somebody has to decide.
        suppressed: the reason of the comment that suppresses it, None when nothing does; then it counts nowhere.
        id: the same as long as the line at fault is the same, wherever it moves; given by `validate`.
    """

    code: str
    name: str
    severity: Severity
    file: str
    line: int
    column: int
    end_column: int
    message: str
    fix: str
    source_line: str
    replacement: Replacement | None = None
    suppressed: str | None = None
    id: str = ""


class InvalidTruthError(ConvergeError):
    """Texts that do not compile; every finding is in `diagnostics`."""

    code = "TRUTH_INVALID"

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        self.diagnostics = tuple(item for item in diagnostics if item.suppressed is None)
        errors = [item for item in self.diagnostics if item.severity == "error"] or list(self.diagnostics)
        first = errors[0]
        more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
        super().__init__(
            f"{first.code} {first.name}: {first.message}{more}",
            hint=first.fix or "converge validate shows every finding at its place",
            where=f"{first.file}:{first.line}:{first.column}",
        )


def has_errors(diagnostics: Iterable[Diagnostic]) -> bool:
    """Whether any finding is an error that no comment suppresses."""
    return any(item.severity == "error" and item.suppressed is None for item in diagnostics)
