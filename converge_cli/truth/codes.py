"""The codes of findings: every kind with its number, name, group and reason. The meaning of a code never changes.

Must never hold a number twice: a code is its place in the table, so new rows go to the end.
"""

from difflib import get_close_matches
from typing import Literal

import msgspec

Severity = Literal["error", "warning"]

GROUPS = {
    "file": "files that can't be read at all",
    "yaml": "YAML that is malformed, or hides what a reader sees",
    "contract": "keys and values of truth.yaml, people.yaml, pack.yaml and wiring.yaml",
    "gherkin": "the form of feature files: what Gherkin forbids, and what it swallows",
    "step": "sentences of features and truths",
    "reference": "names that nothing bears: ids, kinds, fields, points, roles, people",
    "pack": "packs, their parameters and their policy",
    "check": "clauses without a check, and checks that say nothing",
    "wording": "statements that claim too little",
    "gap": "declared, and not shown by anything that runs",
    "run": "what came of running the scenarios (--run)",
    "suppression": "comments that suppress findings",
}
"""Every group with what its findings are about."""


STRICT_GROUPS = frozenset({"gap", "run"})
"""What `--strict` takes for errors: declared and kept by nothing, checked by nobody, shown by no run."""


class DiagnosticKind(msgspec.Struct, frozen=True):
    """A code of the catalogue.

    Attributes:
        why: why it matters, for `converge explain` and docs/codes.md.
    """

    code: str
    name: str
    group: str
    severity: Severity
    title: str
    why: str

    @property
    def suppressible(self) -> bool:
        """Whether a comment with a reason may suppress it.

        Only what is a matter of judgement: an error that keeps a truth from running can't be talked away, a gap
        is counted whatever its reason, what a run showed is so, and a suppression that does nothing is removed instead.
        """
        judged = self.severity == "warning" and self.group not in {*STRICT_GROUPS, "suppression"}
        return judged or self.name in _JUDGED


_JUDGED = frozenset({"swallowed-line", "unused-column", "duplicate-name"})
"""Errors that rest on a guess at what was meant, and without which the truth means the same."""

# fmt: off
_ROWS: tuple[tuple[str, str, Severity, str, str], ...] = (
    ("too-large", "file", "error", "File too large",
     "A truth, feature or people file may have 5 MB, an input 200 MB: no file can hold up whoever reads it."),
    ("not-utf8", "file", "error", "Not UTF-8",
     "Every text is read as UTF-8, with or without a byte order mark; in another encoding names would change."),
    ("binary", "file", "error", "Binary file",
     "The file holds NUL bytes, so it is not the text that was expected; some editors write UTF-16, which has them."),
    ("empty-file", "file", "error", "Empty file",
     "The file holds nothing that could be compiled, so it checks nothing."),
    ("yaml-syntax", "yaml", "error", "YAML that can't be parsed",
     "The text breaks the grammar of YAML, so nothing behind this place can be trusted."),
    ("yaml-refused", "yaml", "error", "YAML feature that is refused",
     "Anchors, aliases, tags, several documents and keys that are not plain words hide what a reader sees, "
     "so a contract is written without them."),
    ("duplicate-key", "yaml", "error", "Key given twice", "YAML would keep the last one, silently."),
    ("too-deep", "yaml", "error", "Nested too deeply",
     "A contract is a few levels deep; this text goes beyond what anybody could have meant."),
    ("unknown-key", "contract", "error", "Unknown key",
     "Every key of a contract has an effect; one without would be a promise that nothing keeps."),
    ("missing-key", "contract", "error", "Missing key", "Without it the contract leaves open what must be decided."),
    ("invalid-value", "contract", "error", "Value that does not fit",
     "The value is of the wrong type, out of range or malformed; nothing is guessed or converted."),
    ("unknown-kind-of-truth", "contract", "error", "Unknown kind of truth",
     "A truth is a job, a policy or an invariant; of another kind nobody knows what runs and what applies."),
    ("gherkin-syntax", "gherkin", "error", "Gherkin that can't be parsed",
     "The text breaks Gherkin's grammar, so the file has no meaning yet."),
    ("unknown-step", "step", "error", "Unknown step",
     "Steps are sentences of the step catalogue, word for word; any other sentence has no check behind it."),
    ("ambiguous-step", "step", "error", "Step that two patterns match",
     "A step has one meaning; which of two is judged must not depend on their order."),
    ("misplaced-step", "step", "error", "Step in the wrong place",
     "The step exists, but not after this keyword, in this sort of scenario or without something to judge."),
    ("step-argument", "step", "error", "Table or text of a step",
     "The step's table or text is missing, unwanted or malformed, so part of what was written would be lost."),
    ("swallowed-line", "gherkin", "error", "Line that Gherkin swallows",
     "Gherkin takes a misspelt step or heading for description, silently: the scenario passes and checks less than it "
     "seems to."),
    ("scenario-without-steps", "gherkin", "error", "Scenario without steps",
     "A scenario without steps checks nothing."),
    ("scenario-without-then", "gherkin", "error", "Scenario without Then",
     "Without a Then a scenario asserts nothing."),
    ("unknown-tag", "gherkin", "error", "Unknown tag",
     "Tags say what a scenario is; a tag without a meaning would be inert."),
    ("misused-tag", "gherkin", "error", "Tags that do not fit",
     "A scenario is exactly one sort of thing, and its tags say which."),
    ("duplicate-id", "reference", "error", "Id declared twice",
     "Ids are unique per truth, so that a reference has one meaning."),
    ("malformed-id", "reference", "error", "Malformed id",
     "Ids of clauses and @id names are small letters, digits and underscores, so that they can be named anywhere."),
    ("unknown-pack", "pack", "error", "Unknown pack",
     "No pack of this name is in the project, installed or shipped, so nothing would do the work."),
    ("broken-pack", "pack", "error", "Pack that can't be loaded",
     "The pack exists, but its manifest or code is at fault."),
    ("invalid-parameters", "pack", "error", "Parameters that do not fit",
     "A pack's parameters are typed by the pack's model; what does not fit would be ignored or misread."),
    ("unknown-context-key", "reference", "error", "Unknown context key", "Facts stand under one of nine context keys."),
    ("malformed-pattern", "reference", "error", "Malformed id pattern",
     "An id pattern is kind:name, where * matches anything; another form selects nothing."),
    ("unknown-kind", "reference", "error", "Unknown kind",
     "No active pack declares the kind that the id pattern names, so it selects nothing."),
    ("unknown-field", "reference", "error", "Unknown field",
     "The kind's model has no such field, so nothing is judged."),
    ("unknown-point", "reference", "error", "Unknown approval point",
     "The approval point is not declared under approval_points, so nobody is ever asked."),
    ("undefined-check", "reference", "error", "Undefined check",
     "What is named as the check of a clause does not exist, so nothing keeps the clause."),
    ("unguarded-clause", "check", "error", "Clause without a check",
     "Each declared clause has a check, or says in `deferred` why it has none: nothing declared is inert."),
    ("unreachable-criterion", "check", "error", "Unreachable criterion",
     "No registered suggestor may write what the required criterion needs, and no input brings it."),
    ("no-required-criterion", "contract", "error", "No required criterion",
     "A job needs at least one criterion that decides it; otherwise it is met before it began."),
    ("absence-only-criterion", "check", "error", "Criterion made of absences",
     "Nothing could be shown as evidence that it is met; what must never happen is an invariant."),
    ("contradictory-check", "check", "error", "Check that nothing can pass",
     "No value can pass, for example when min > max."),
    ("vacuous-check", "check", "warning", "Check that nothing can fail",
     "It holds whatever happens, so it shows nothing."),
    ("unused-approval-point", "check", "warning", "Unused approval point",
     "Nothing ever asks for an approval of this point, so it protects nothing."),
    ("hedging-word", "wording", "warning", "Hedging word",
     "A truth says what must be so; might or maybe takes it back."),
    ("duplicate-kind", "pack", "error", "Kind that two packs declare",
     "A kind is declared by exactly one active pack, so that its facts have one model."),
    ("unknown-role", "reference", "error", "Role that nobody holds",
     "The project lists its people, and none has the role: whoever waits for it waits for ever."),
    ("unreachable-quorum", "reference", "error", "Quorum that can't be reached",
     "Fewer people may decide than the approval point asks for."),
    ("unknown-person", "reference", "error", "Unknown person",
     "The project lists its people, and this one is not there."),
    ("unused-column", "gherkin", "error", "Column that no step uses",
     "A value that no step mentions changes nothing, though the table makes it look as if it did."),
    ("unknown-placeholder", "gherkin", "error", "Placeholder without a column",
     "No column of Examples has the name in <...>, so it would be judged as it stands."),
    ("outline-without-examples", "gherkin", "error", "Outline without examples",
     "Without a row of Examples an outline is never run."),
    ("duplicate-name", "gherkin", "error", "Name given twice",
     "Scenarios are reported by name, so a name means one of them."),
    ("empty-claim", "wording", "warning", "Title that claims nothing",
     "A truth is a statement that can be right or wrong; a bare noun is neither."),
    ("unused-step", "step", "warning", "Step that nothing uses",
     "A pack offers a sentence that no feature or truth says."),
    ("business-rule-in-wiring", "contract", "error", "Business rule in wiring",
     "wiring.yaml says what runs where; what must be true belongs in the feature or the truth."),
    ("invalid-policy", "pack", "error", "Policy that does not validate",
     "Cedar refuses the policy against the pack's schema; at run it would refuse everything, or skip a forbid."),
    ("missing-file", "file", "error", "Missing file", "A file that is named does not exist."),
    ("malformed-suppression", "suppression", "error", "Suppression without code or reason",
     "A finding is suppressed by its code and for a reason; otherwise nobody could review it."),
    ("unused-suppression", "suppression", "warning", "Suppression of nothing",
     "The finding is not there, or not there any more; the comment would hide the next one."),
    ("deferred-clause", "gap", "warning", "Deferred clause", "The clause is kept by nothing yet; its author says why."),
    ("manual-scenario", "gap", "warning", "Manual scenario",
     "A documented gap: nothing runs it, and it never counts as passed."),
    ("example-failed", "run", "error", "Example that fails", "The scenario was run, and came to something else."),
    ("not-exercised", "gap", "warning", "Not exercised",
     "No run selects anything that the check is about, so its passing shows nothing."),
    ("misapplied-truth", "contract", "error", "Truth that applies to nothing",
     "No job of the folder is named by applies_to, or lists the pack."),
    ("feature-without-truth", "gherkin", "warning", "Feature without a truth",
     "No truth uses the file: its sentences were read, but what they name can't be checked."),
    ("unreadable-file", "file", "error", "File that can't be read",
     "The file or folder is there, but may not be opened, or is no plain file; what it says is not checked."),
    ("soft-violated", "run", "warning", "Soft constraint that is violated",
     "A run breaks the constraint and does not say that it expects to; nothing stops it, so somebody has to look."),
    ("duplicate-row", "gherkin", "warning", "Row given twice",
     "Two rows of Examples say the same, so the second shows nothing that the first does not."),
    ("expired-authority", "contract", "warning", "Authority that has expired",
     "The last day on which a run may start is over: each run ends PolicyDenied, whatever its inputs."),
    ("unknown-entity-state", "reference", "error", "Unknown entity state",
     "An entity stands where the list of its kind says, or it stands nowhere: a misspelt name would be a dead end."),
    ("unreachable-entity-state", "check", "error", "Entity state that nothing reaches",
     "No entity begins there and no transition leads there, so whatever waits for it waits for ever."),
    ("dead-entity-state", "check", "error", "Entity state that is never left",
     "An entity that comes there is stuck; where that is meant, the state is final."),
    ("unknown-gate", "reference", "error", "Gate that nobody can pass",
     "No pack requires a gate of this name, or no suggestor may say that it is passed: the move could never be made."),
    ("unreachable-gate", "pack", "error", "Gate that nobody passes",
     "With every gate passed and every approval given, policy still lets nobody of the project through."),
    ("idle-rule", "pack", "warning", "Rule that changes nothing",
     "No request that was tried comes out otherwise for it: its condition can't hold, or another rule always wins."),
    ("shadowed-rule", "pack", "warning", "Rule that another one covers",
     "Another rule permits or forbids all that it does, so mending or removing it would change nothing, unnoticed."),
)
# fmt: on

CATALOGUE: tuple[DiagnosticKind, ...] = tuple(
    DiagnosticKind(f"CV{number:03}", *row) for number, row in enumerate(_ROWS, start=1)
)
"""Every code, in order. New ones are added at the end."""

BY_NAME = {kind.name: kind for kind in CATALOGUE}
BY_CODE = {kind.code: kind for kind in CATALOGUE}


def kinds_named(word: str) -> tuple[DiagnosticKind, ...]:
    """The kinds that a word means: a code, a name, a group, or the beginning of a code such as CV04."""
    code, name = word.upper(), word.lower()
    exact = BY_CODE.get(code) or BY_NAME.get(name)
    if exact is not None:
        return (exact,)
    begins = code if code.startswith("CV") else "none"
    return tuple(kind for kind in CATALOGUE if kind.group == name or kind.code.startswith(begins))


def nearest_word(word: str) -> str | None:
    """The code, name or group that may have been meant."""
    near = get_close_matches(word.lower(), [*BY_NAME, *GROUPS], n=1) or get_close_matches(word.upper(), BY_CODE, n=1)
    return near[0] if near else None
