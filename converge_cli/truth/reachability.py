"""Reachability: what a criterion, an approval point or a HITL rule waits for can come about at all."""

from collections.abc import Iterator, Sequence

from converge_cli.core import predicate as p
from converge_cli.core.approval import ApprovalPoint
from converge_cli.core.context_key import KEYS
from converge_cli.core.criterion import Criterion
from converge_cli.core.job import InputSpec, Job
from converge_cli.core.selector import Selector, selector
from converge_cli.truth.contract_sections import HitlItem
from converge_cli.truth.findings import Findings, Place
from converge_cli.truth.vocabulary import Vocabulary, Writer

_ON_INPUTS = (p.FieldIs, p.FieldUnique, p.Includes, p.ForbiddenTerms, p.SumIs)
"""Checks on what is selected, and on nothing else."""


class Reachability:
    """Whether what a required criterion needs can be written by a registered suggestor, or comes in as an input."""

    def __init__(self, vocabulary: Vocabulary, inputs: Sequence[InputSpec], findings: Findings) -> None:
        self._vocabulary = vocabulary
        self._inputs = [selector(f"Seeds:{spec.kind}:*") for spec in inputs]
        self._certain = [selector(f"Seeds:{spec.kind}:*") for spec in inputs if spec.file is not None and spec.required]
        self._findings = findings

    def check(self, criterion: Criterion, place: Place, others: Sequence[Writer]) -> None:
        """Add a finding for each selection that nothing can fill; `others` are suggestors of packs not in use."""
        for selection in _needed(criterion):
            which = selector(selection.selector)
            if self._reachable(which):
                continue
            packs = sorted({writer.pack for writer in others if writer.may_write(which)})
            fix = f"add pack {packs[0]}" if packs else "add the pack that writes it, or mend the id pattern"
            message = f"criterion {criterion.id} needs {selection.selector}, which no suggestor may write"
            self._findings.add("unreachable-criterion", place, message, fix)

    def unreachable(self, criterion: Criterion) -> bool:
        """Whether it needs something that nothing can fill."""
        return not all(self._reachable(selector(selection.selector)) for selection in _needed(criterion))

    def check_point(self, point: ApprovalPoint, job: Job, place: Place) -> None:
        """Add a finding when nothing can ever ask for an approval of this point.

        `blocked_by` asks nobody: it only says which pending request a criterion waits for.
        """
        asking = {*job.required_approvals, *(rule.point for rule in job.hitl)}
        asking.update(name for gate in job.gates for name in gate.approvals)
        roles = {move.role for machine in job.entity_states for move in machine.transitions}
        if point.id not in asking and point.role not in roles:
            message = f"nothing asks for an approval of {point.id}"
            fix = "name it in requires_approval or hitl, or remove it"
        elif not self._reachable(selector(point.approves.selector)):
            message = f"no suggestor may write {point.approves.selector}, which {point.id} approves"
            fix = "mend the key or the id pattern of approves"
        else:
            return
        self._findings.add("unused-approval-point", place, message, fix)

    def check_vacuous(self, criterion: Criterion, place: Place) -> None:
        """Add a finding when only inputs are judged that are there before anything runs."""
        checks = [then.check for then in criterion.then]
        chosen = [selector(selection.selector) for selection in _needed(criterion)]
        subject = any(given.selection is not None for given in criterion.given)
        told = all(
            check.selection is not None if isinstance(check, p.Count) else subject and isinstance(check, _ON_INPUTS)
            for check in checks
        )
        if not told or not chosen or not all(self._given(which) for which in chosen):
            return
        message = f"criterion {criterion.id} only looks at inputs, so it is decided before anything runs"
        fix = "ask for what the run must bring about, or write a constraint on the inputs"
        self._findings.add("vacuous-check", place, message, fix)

    def check_output(self, name: str, selection: p.Selection, place: Place) -> None:
        """Add a finding when an output would always be empty."""
        kind, colon, _ = (selection.id or "*:").partition(":")
        # What is wrong with a word by itself is another finding.
        known = "*" in kind or (colon and kind in self._vocabulary.kinds)
        if known and not self._reachable(selector(selection.selector)):
            message = f"output {name} is always empty: no suggestor may write {selection.selector}"
            self._findings.add("contradictory-check", place, message, "mend its key or its id pattern")

    def _given(self, which: Selector) -> bool:
        """Whether inputs bring it for certain, and nothing else can."""
        written = any(writer.may_write(which) for writer in self._vocabulary.writers)
        return not written and any(seed.covers(which) or which.covers(seed) for seed in self._certain)

    def check_hitl(self, rule: HitlItem, place: Place) -> None:
        """Add a finding when no suggestor may propose what the rule is about: nobody would ever be asked."""
        when = rule.when
        writers = [item for item in self._vocabulary.writers if when.suggestor in {None, item.name}]
        # What is wrong with a word by itself is another finding.
        words = when.key in {None, *KEYS} and when.kind in {None, *self._vocabulary.kinds}
        keys = sorted(KEYS) if when.key is None else [when.key]
        glob = "" if when.kind is None else f":{when.kind}:*"
        if not words or not writers or any(item.may_write(selector(key + glob)) for item in writers for key in keys):
            return
        who = "no suggestor" if when.suggestor is None else f"suggestor {when.suggestor} never"
        what = " ".join(filter(None, [when.kind or "anything", f"under {when.key}" if when.key is not None else ""]))
        message = f"the rule never asks anybody: {who} proposes {what}"
        self._findings.add("contradictory-check", place, message, "mend key, kind or suggestor of the rule")

    def _reachable(self, which: Selector) -> bool:
        # Facts under Diagnostic are the engine's own.
        if which.key == "Diagnostic" or any(seed.overlaps(which) for seed in self._inputs):
            return True
        return any(writer.may_write(which) for writer in self._vocabulary.writers)


def _needed(criterion: Criterion) -> Iterator[p.Selection]:
    for given in criterion.given:
        if given.selection is not None:
            yield given.selection
    for then in criterion.then:
        check = then.check
        if isinstance(check, p.Count) and check.selection is not None and check.number > 0 and check.bound != "at most":
            yield check.selection
        elif isinstance(check, p.Paired):
            yield check.each
            yield check.partner
        elif isinstance(check, p.EvidenceExists):
            yield check.selection
