"""Compiles a truth: its contract and features, with the packs that it names, to a Job and diagnostics.

Pure: no file is opened, no clock read; the same texts and packs give the same job, byte for byte.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from converge_cli.core import predicate as p
from converge_cli.core.approval import ApprovalPoint
from converge_cli.core.budget import Budget
from converge_cli.core.criterion import Criterion
from converge_cli.core.example import Example, Gap
from converge_cli.core.invariant import Invariant, Origin
from converge_cli.core.job import Job, Purpose
from converge_cli.core.pack import Pack, Parameters
from converge_cli.truth.clause_ids import ClauseIds
from converge_cli.truth.clause_reader import ClauseReader
from converge_cli.truth.closure import Closure, Reachability, required_id
from converge_cli.truth.contract import Contract
from converge_cli.truth.contract_compiler import ContractCompiler
from converge_cli.truth.diagnostics import Diagnostic
from converge_cli.truth.example_references import ExampleReferences
from converge_cli.truth.findings import Findings, Place
from converge_cli.truth.gherkin_source import read_feature
from converge_cli.truth.input_specs import InputSpecs
from converge_cli.truth.model_reader import read_model
from converge_cli.truth.pack_uses import Overrides, PackSource, PackUses
from converge_cli.truth.scenario_compiler import Compiled, ScenarioCompiler
from converge_cli.truth.source import Source
from converge_cli.truth.vocabulary import Vocabulary
from converge_cli.truth.yaml_source import Node, read_yaml

__all__ = ["Compilation", "PackSource", "compile_truth"]

_HEDGE = re.compile(r"\b(might|maybe|perhaps|possibly|probably|hopefully)\b", re.IGNORECASE)
_LATER = {"policy": "applies_to", "invariant": "pack"}


@dataclass(frozen=True, slots=True)
class Compilation:
    """What a truth came to.

    Attributes:
        job: None when any diagnostic is an error.
        examples: the @e2e scenarios that compiled.
        gaps: the @manual scenarios.
        parameters: pack name -> typed parameters, None for a pack without any.
        packs: the packs that were found, in the order of the contract.
    """

    job: Job | None
    examples: tuple[Example, ...]
    gaps: tuple[Gap, ...]
    diagnostics: tuple[Diagnostic, ...]
    parameters: Mapping[str, Parameters | None]
    packs: tuple[Pack, ...]


def compile_truth(
    truth: Source, features: Sequence[Source], packs: PackSource, parameters: Overrides | None = None
) -> Compilation:
    """Compile one truth; every problem is a diagnostic, none raises.

    Args:
        parameters: pack -> path -> value, over what the truth says.
    """
    findings = Findings()
    root = read_yaml(truth, findings)
    contract = _read_contract(root, findings) if root is not None else None
    if root is None:
        root = Node({}, Place("", 1, 1, 1))
    return _Compiler(root, contract, findings, PackUses(packs, root, findings, parameters)).compile(features)


def _read_contract(root: Node, findings: Findings) -> Contract | None:
    kind = root.get("kind")
    if kind is not None and kind.value in _LATER:
        message = f"truths of kind {kind.value} ({_LATER[kind.value]}: ...) are not supported yet"
        findings.add("unsupported-kind", kind.place, message, "write its checks into a truth of kind job")
        return None
    return read_model(root, Contract, findings)


class _Compiler:
    """One compilation, phase by phase."""

    def __init__(self, root: Node, contract: Contract | None, findings: Findings, uses: PackUses) -> None:
        self._root = root
        self._contract = contract
        self._findings = findings
        self._ids = ClauseIds(findings)
        self._uses = uses

    def compile(self, features: Sequence[Source]) -> Compilation:
        """Run every phase, even after errors, so that all findings are found."""
        contract = self._contract
        if contract is not None:
            self._uses.load(contract)
        vocabulary = self._vocabulary()
        bare = ClauseReader(vocabulary, {}, self._findings)
        evidence = self._evidence(bare)
        reader = ClauseReader(vocabulary, evidence, self._findings)
        job = None
        if contract is None:
            scenarios, _ = self._scenarios(reader, features)
        else:
            job, scenarios = self._job(contract, vocabulary, reader, evidence, features)
        return Compilation(
            None if self._findings.failed else job,
            tuple(scenarios.examples),
            tuple(scenarios.gaps),
            self._findings.sorted(),
            self._uses.parameters,
            tuple(self._uses.packs),
        )

    def _vocabulary(self) -> Vocabulary:
        contract = self._contract
        points = [] if contract is None else [point.id for point in contract.approval_points]
        complete = contract is not None and self._uses.complete
        return Vocabulary(self._uses.packs, self._uses.writers, points, complete=complete)

    def _evidence(self, reader: ClauseReader) -> dict[str, p.Selection]:
        items = self._contract.evidence.requires if self._contract and self._contract.evidence else []
        found: dict[str, p.Selection] = {}
        for number, item in enumerate(items):
            declared = self._ids.declare(item.id, self._place("evidence", "requires", number, "id"))
            if item.satisfied_by is None or not declared:
                continue
            place = self._place("evidence", "requires", number, "satisfied_by")
            selection = reader.read_selection(item.satisfied_by, place, proposals=False)
            if selection is not None:
                found[item.id] = selection
        return found

    def _scenarios(self, reader: ClauseReader, features: Sequence[Source]) -> tuple[Compiled, bool]:
        """What the features came to, and whether all of them could be read."""
        compiler = ScenarioCompiler(reader, self._ids, self._findings)
        readable = True
        for source in features:
            feature = read_feature(source, self._findings)
            if feature is None:
                readable = False
                continue
            for scenario in feature.scenarios:
                self._check_hedging(scenario.title, scenario.place)
            compiler.feature(feature)
        return compiler.compiled, readable

    def _job(
        self,
        contract: Contract,
        vocabulary: Vocabulary,
        reader: ClauseReader,
        evidence: dict[str, p.Selection],
        features: Sequence[Source],
    ) -> tuple[Job, Compiled]:
        sections = ContractCompiler(
            contract, self._root, vocabulary=vocabulary, reader=reader, ids=self._ids, findings=self._findings
        )
        inputs = InputSpecs(self._root, vocabulary, self._findings).compile(contract)
        invariants, validations = sections.constraints()
        criteria = sections.criteria(evidence)
        points = sections.points()
        invariants += self._required(contract, points, vocabulary)
        scenarios, readable = self._scenarios(reader, features)
        invariants += scenarios.invariants
        validations += scenarios.validations
        checks = frozenset(
            [*(item.id for item in invariants), *(item.id for item in validations), *(item.id for item in criteria)]
        )
        manual = tuple(gap.id for gap in scenarios.gaps)
        done = checks | {*manual, *(example.id for example in scenarios.examples)}
        lost = self._ids.declared - done if readable else None
        closure = Closure(self._root, checks, frozenset(manual), lost, self._findings)
        clauses = closure.clauses(contract)
        job = Job(
            truth=contract.key,
            title=contract.title,
            purpose=_purpose(contract),
            principal=contract.authority.actor,
            packs=self._uses.uses(),
            inputs=tuple(inputs),
            budget=_budget(contract),
            gates=tuple(gate for pack in self._uses.packs for gate in pack.gates),
            invariants=tuple(invariants),
            validations=tuple(validations),
            criteria=tuple(criteria),
            approval_points=tuple(points),
            required_approvals=tuple(dict.fromkeys(contract.authority.requires_approval)),
            hitl=tuple(sections.hitl()),
            outputs=tuple(sections.outputs()),
            clauses=tuple(clauses),
            escalates_to=contract.exception.escalates_to if contract.exception else None,
            expires=sections.expires(),
            manual=manual,
        )
        self._check_whole(contract, job, vocabulary)
        if lost is not None and vocabulary.complete:
            ExampleReferences(job, lost, self._findings).check(scenarios.examples, features, scenarios.givens)
        return job, scenarios

    def _required(self, contract: Contract, points: Sequence[ApprovalPoint], vocabulary: Vocabulary) -> list[Invariant]:
        """An acceptance invariant for each required approval."""
        by_id = {point.id: point for point in points}
        found = []
        for number, name in enumerate(dict.fromkeys(contract.authority.requires_approval)):
            place = self._place("authority", "requires_approval", number)
            vocabulary.check_point(name, place, self._findings)
            point = by_id.get(name)
            if point is None or not self._ids.declare(required_id(name), place):
                continue
            text = f"nothing that {name} approves is promoted without it"
            then = p.Then(text, p.RequiredApprovalHeld(name, point.approves))
            origin = Origin(PurePath(place.file).name, place.line, place.column)
            found.append(Invariant(required_id(name), text, "acceptance", (), (then,), origin))
        return found

    def _check_whole(self, contract: Contract, job: Job, vocabulary: Vocabulary) -> None:
        """The rules that need everything: reachability, unused points, titles, names."""
        if vocabulary.complete:
            reachability = Reachability(vocabulary, job.inputs, self._findings)
            self._check_reachability(job.criteria, reachability)
            for number, point in enumerate(job.approval_points):
                reachability.check_point(point, job, self._place("approval_points", number, "id"))
        if not any(item.required for item in contract.success_criteria) and not contract.evidence:
            keys = self._root.keys
            place = keys.get("success_criteria", self._root.place)
            fix = "make one criterion required: true"
            self._findings.add(
                "no-required-criterion", place, "no criterion is required, so nothing decides the job", fix
            )
        self._check_clause_ids(contract)
        self._check_hedging(contract.title, self._place("title"))
        for number, item in enumerate(contract.success_criteria):
            self._check_hedging(item.description, self._place("success_criteria", number, "description"))
        parts = PurePath(self._root.place.file).parts
        if len(parts) > 2 and parts[-3] == "truths" and parts[-2] != contract.key:
            message = f"key {contract.key} stands in the folder {parts[-2]}"
            fix = "in a truths folder, key and folder have one name"
            self._findings.add("invalid-value", self._place("key"), message, fix)

    def _check_reachability(self, criteria: Sequence[Criterion], reachability: Reachability) -> None:
        lost = [item for item in criteria if item.required and reachability.unreachable(item)]
        others = self._uses.others() if lost else []
        for item in lost:
            place = self._clause_place("success_criteria", item.id) or self._clause_place("evidence", item.id)
            reachability.check(item, place or self._root.place, others)

    def _check_clause_ids(self, contract: Contract) -> None:
        points, clauses = ClauseIds(self._findings), ClauseIds(self._findings)
        for number, point in enumerate(contract.approval_points):
            points.declare(point.id, self._place("approval_points", number, "id"))
        for number, mode in enumerate(contract.job.failure_modes if contract.job else []):
            clauses.declare(mode.id, self._place("job", "failure_modes", number, "id"))
        for number, limit in enumerate(contract.authority.must_not):
            clauses.declare(limit.id, self._place("authority", "must_not", number, "id"))

    def _check_hedging(self, text: str, place: Place) -> None:
        match = _HEDGE.search(text)
        if match:
            where = self._findings.within(place, match[0])
            self._findings.add("hedging-word", where, f"{match[0]!r} takes the statement back", "say what must be so")

    def _clause_place(self, section: str, clause_id: str) -> Place | None:
        node = self._root.at("evidence", "requires") if section == "evidence" else self._root.at(section)
        for item in node.value if node is not None and isinstance(node.value, list) else []:
            found = item.get("id")
            if found is not None and found.value == clause_id:
                place: Place = found.place
                return place
        return None

    def _place(self, *path: str | int) -> Place:
        return self._root.nearest(*path).place


def _purpose(contract: Contract) -> Purpose:
    job, intent = contract.job, contract.intent
    return Purpose(
        actor=job.actor if job else "",
        functional=job.functional if job else "",
        so_that=(job.so_that or "") if job else "",
        outcome=intent.outcome if intent else "",
        goal=(intent.goal or "") if intent else "",
    )


def _budget(contract: Contract) -> Budget:
    limits = contract.budget
    return Budget(limits.cycles, limits.facts, limits.time, limits.tokens, limits.cost_usd)
