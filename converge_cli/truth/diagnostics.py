"""Diagnostics: what is wrong with a text, where, and what to do. The meaning of a code never changes."""

from collections.abc import Sequence
from typing import Literal

import msgspec

from converge_cli.core.errors import ConvergeError

Severity = Literal["error", "warning"]


class Diagnostic(msgspec.Struct, frozen=True):
    """One finding.

    Attributes:
        code, name: of the catalogue, for example CV014 and unknown-step.
        line, column: 1-based place of the first character at fault; end_column is one past the last.
        fix: what to do, in a sentence.
        source_line: the line at fault, as written.
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


class DiagnosticKind(msgspec.Struct, frozen=True):
    """A code of the catalogue with its explanation."""

    code: str
    name: str
    severity: Severity
    title: str
    explanation: str


_ROWS: tuple[tuple[str, Severity, str, str], ...] = (
    ("too-large", "error", "File too large", "A truth, feature or people file may have 5 MB, an input 200 MB."),
    ("not-utf8", "error", "Not UTF-8", "Every text file is read as UTF-8, with or without a byte order mark."),
    ("binary", "error", "Binary file", "The file holds NUL bytes, so it is not the text that was expected here."),
    ("empty-file", "error", "Empty file", "The file holds nothing that could be compiled."),
    ("yaml-syntax", "error", "YAML that can't be parsed", "The text breaks the grammar of YAML at this place."),
    (
        "yaml-refused",
        "error",
        "YAML feature that is refused",
        "Anchors, aliases, tags, several documents and keys that are not plain words hide what a reader sees, "
        "so a contract is written without them.",
    ),
    (
        "duplicate-key",
        "error",
        "Key given twice",
        "YAML would keep the last one, silently.",
    ),
    (
        "too-deep",
        "error",
        "Nested too deeply",
        "A contract is a few levels deep; this text goes beyond every limit.",
    ),
    ("unknown-key", "error", "Unknown key", "Every key of a contract has an effect, so a key without one is an error."),
    ("missing-key", "error", "Missing key", "The contract needs this key here."),
    ("invalid-value", "error", "Value that does not fit", "The value is of the wrong type, out of range or malformed."),
    (
        "unsupported-kind",
        "error",
        "Kind of truth that is not supported yet",
        "Only truths of kind job are compiled; policy and invariant truths are recognised and refused.",
    ),
    (
        "gherkin-syntax",
        "error",
        "Gherkin that can't be parsed",
        "The text breaks Gherkin's grammar at this place.",
    ),
    (
        "unknown-step",
        "error",
        "Unknown step",
        "Steps are sentences of the step catalogue, word for word; any other sentence has no check behind it.",
    ),
    ("ambiguous-step", "error", "Step that two patterns match", "A step must have one meaning; reword it."),
    (
        "misplaced-step",
        "error",
        "Step in the wrong place",
        "The step exists, but not after this keyword, in this sort of scenario or without something to judge.",
    ),
    (
        "step-argument",
        "error",
        "Table or text of a step",
        "The step's table or text is missing, unwanted or malformed.",
    ),
    (
        "swallowed-line",
        "error",
        "Line that Gherkin swallows",
        "Gherkin takes a misspelt step or heading before the first step as description, silently; here it is an error.",
    ),
    ("scenario-without-steps", "error", "Scenario without steps", "A scenario without steps checks nothing."),
    ("scenario-without-then", "error", "Scenario without Then", "Without a Then a scenario asserts nothing."),
    ("unknown-tag", "error", "Unknown tag", "Tags say what a scenario is; a tag without a meaning would be inert."),
    (
        "misused-tag",
        "error",
        "Tags that do not fit",
        "A scenario is exactly one sort of thing, and its tags say which.",
    ),
    (
        "duplicate-id",
        "error",
        "Id declared twice",
        "Ids are unique per truth, so that a reference has one meaning.",
    ),
    ("malformed-id", "error", "Malformed id", "Clause ids and @id names are small letters, digits and underscores."),
    ("unknown-pack", "error", "Unknown pack", "No pack of this name is in the project, installed or shipped."),
    ("broken-pack", "error", "Pack that can't be loaded", "The pack exists, but its manifest or code is at fault."),
    ("invalid-parameters", "error", "Parameters that do not fit", "A pack's parameters are typed by the pack's model."),
    ("unknown-context-key", "error", "Unknown context key", "Facts stand under one of nine context keys."),
    ("malformed-pattern", "error", "Malformed id pattern", "An id pattern is kind:name, where * matches anything."),
    ("unknown-kind", "error", "Unknown kind", "No active pack declares the kind that the id pattern names."),
    (
        "unknown-field",
        "error",
        "Unknown field",
        "The kind's model has no such field, so nothing could be judged.",
    ),
    ("unknown-point", "error", "Unknown approval point", "The approval point is not declared under approval_points."),
    (
        "undefined-check",
        "error",
        "Undefined check",
        "guarded_by names an invariant, validation, constraint or criterion.",
    ),
    (
        "unguarded-clause",
        "error",
        "Clause without a check",
        "Each declared clause has a check, or says in `deferred` why it has none: nothing declared is inert.",
    ),
    (
        "unreachable-criterion",
        "error",
        "Unreachable criterion",
        "No registered suggestor may write what the required criterion needs, and no input brings it.",
    ),
    ("no-required-criterion", "error", "No required criterion", "A job needs at least one criterion that decides it."),
    (
        "absence-only-criterion",
        "error",
        "Criterion made of absences",
        "Nothing could be shown as evidence that it is met; what must never happen is an invariant.",
    ),
    (
        "contradictory-check",
        "error",
        "Check that nothing can pass",
        "No value can pass, for example when min > max.",
    ),
    (
        "vacuous-check",
        "warning",
        "Check that nothing can fail",
        "It holds whatever happens, so it shows nothing.",
    ),
    ("unused-approval-point", "warning", "Unused approval point", "Nothing ever asks for an approval of this point."),
    (
        "hedging-word",
        "warning",
        "Hedging word",
        "A truth says what must be so; might or maybe takes it back.",
    ),
    ("duplicate-kind", "error", "Kind that two packs declare", "A kind is declared by exactly one active pack."),
    ("unknown-role", "error", "Role that nobody holds", "The project lists its people, and none has the role."),
    (
        "unreachable-quorum",
        "error",
        "Quorum that can't be reached",
        "Fewer people may decide than the approval point asks for.",
    ),
    (
        "unknown-person",
        "error",
        "Unknown person",
        "The project lists its people, and this one is not there.",
    ),
    ("unused-column", "error", "Column that no step uses", "A value that no step mentions changes nothing."),
    ("unknown-placeholder", "error", "Placeholder without a column", "No column of Examples has the name in <...>."),
    (
        "outline-without-examples",
        "error",
        "Outline without examples",
        "Without a row of Examples an outline is never run.",
    ),
    ("duplicate-name", "error", "Name given twice", "Scenarios are reported by name, so a name means one of them."),
    (
        "empty-claim",
        "warning",
        "Title that claims nothing",
        "A truth is a statement that can be right or wrong; a bare noun is neither.",
    ),
    ("unused-step", "warning", "Step that nothing uses", "A pack offers a sentence that no feature or truth says."),
    (
        "business-rule-in-wiring",
        "error",
        "Business rule in wiring",
        "wiring.yaml says what runs where; what must be true belongs in the feature or the truth.",
    ),
    ("invalid-policy", "error", "Policy that does not validate", "Cedar refuses the policy against the pack's schema."),
    ("missing-file", "error", "Missing file", "A file that is named does not exist."),
    (
        "malformed-suppression",
        "error",
        "Suppression without code or reason",
        "A finding is suppressed by its code and for a reason; otherwise nobody could review it.",
    ),
    ("unused-suppression", "warning", "Suppression of nothing", "The finding is not there, or not there any more."),
    ("deferred-clause", "warning", "Deferred clause", "The clause is kept by nothing yet; its author says why."),
    (
        "manual-scenario",
        "warning",
        "Manual scenario",
        "A documented gap: nothing runs it, and it never counts as passed.",
    ),
    ("example-failed", "error", "Example that fails", "The scenario was run, and came to something else."),
    (
        "not-exercised",
        "warning",
        "Not exercised",
        "No run selects anything that the check is about.",
    ),
    (
        "misapplied-truth",
        "error",
        "Truth that applies to nothing",
        "No job of the folder is named by applies_to, or lists the pack.",
    ),
    (
        "feature-without-truth",
        "warning",
        "Feature without a truth",
        "No truth uses the file: its sentences were read, but what they name can't be checked.",
    ),
)

CATALOGUE: tuple[DiagnosticKind, ...] = tuple(
    DiagnosticKind(f"CV{number:03}", *row) for number, row in enumerate(_ROWS, start=1)
)
"""Every code, in order. New ones are added at the end."""

BY_NAME = {kind.name: kind for kind in CATALOGUE}
BY_CODE = {kind.code: kind for kind in CATALOGUE}


class InvalidTruthError(ConvergeError):
    """Texts that do not compile; every finding is in `diagnostics`."""

    code = "TRUTH_INVALID"

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        self.diagnostics = tuple(diagnostics)
        errors = [item for item in self.diagnostics if item.severity == "error"] or list(self.diagnostics)
        first = errors[0]
        more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
        super().__init__(
            f"{first.code} {first.name}: {first.message}{more}",
            hint=first.fix or "converge validate shows every finding at its place",
            where=f"{first.file}:{first.line}:{first.column}",
        )


def has_errors(diagnostics: Sequence[Diagnostic]) -> bool:
    """Whether any finding is an error."""
    return any(item.severity == "error" for item in diagnostics)
