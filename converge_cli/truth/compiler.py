"""Compiles a truth: its contract and features, with the packs that it names, to a Job and diagnostics.

Pure: no file is opened, no clock read; the same texts and packs give the same job, byte for byte.
"""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from converge_cli.core import predicate as p
from converge_cli.core.approval import ApprovalPoint
from converge_cli.core.budget import Budget
from converge_cli.core.criterion import Criterion
from converge_cli.core.example import InputsFrom
from converge_cli.core.invariant import Invariant, Validation
from converge_cli.core.job import Clause, Job, Purpose
from converge_cli.truth.clause_ids import ClauseIds
from converge_cli.truth.clause_reader import ClauseReader
from converge_cli.truth.closure import Closure
from converge_cli.truth.compilation import Compilation
from converge_cli.truth.contract import Contract, SharedContract
from converge_cli.truth.contract_compiler import ContractCompiler
from converge_cli.truth.contract_reader import read_contract
from converge_cli.truth.diagnostics import Diagnostic
from converge_cli.truth.entity_states import EntityStatesCompiler
from converge_cli.truth.example_references import ExampleReferences
from converge_cli.truth.findings import Findings, Place
from converge_cli.truth.gherkin_source import read_feature
from converge_cli.truth.input_specs import InputSpecs
from converge_cli.truth.merge import check_applies, parts_for
from converge_cli.truth.named_files import check_files
from converge_cli.truth.pack_steps import PackSteps
from converge_cli.truth.pack_uses import Overrides, PackSource, PackUses
from converge_cli.truth.part import Part
from converge_cli.truth.scenario_compiler import Compiled, ScenarioCompiler
from converge_cli.truth.sections import Sections
from converge_cli.truth.source import Source
from converge_cli.truth.surroundings import Surroundings
from converge_cli.truth.vocabulary import Vocabulary
from converge_cli.truth.whole_job import WholeJob
from converge_cli.truth.wording import check_title, check_wording
from converge_cli.truth.yaml_source import Node, read_yaml

__all__ = ["Compilation", "PackSource", "compile_feature", "compile_truth"]

_ALONE = Surroundings()


def compile_truth(
    truth: Source,
    features: Sequence[Source],
    packs: PackSource,
    parameters: Overrides | None = None,
    around: Surroundings = _ALONE,
) -> Compilation:
    """Compile one truth; every problem is a diagnostic, none raises.

    Args:
        parameters: pack -> path -> value, over what the truth says.
        around: shared truths, people and files; without it the truth stands alone.
    """
    findings = Findings()
    root = read_yaml(truth, findings)
    contract = read_contract(root, findings) if root is not None else None
    if root is None:
        root = Node({}, Place("", 1, 1, 1))
    compiler = _Compiler(findings, PackUses(packs, root, findings, parameters), around)
    return compiler.compile(root, contract, tuple(features))


def compile_feature(feature: Source, packs: PackSource) -> tuple[Diagnostic, ...]:
    """What can be told of a feature that no truth uses: its form and its sentences, not what they name."""
    findings = Findings()
    root = Node({}, Place("", 1, 1, 1))
    compiled = _Compiler(findings, PackUses(packs, root, findings), _ALONE).compile(root, None, (feature,))
    return compiled.diagnostics


class _Merged(NamedTuple):
    """What the sections of a job and of its shared truths come to together."""

    invariants: list[Invariant]
    validations: list[Validation]
    criteria: list[Criterion]
    points: list[ApprovalPoint]
    required: tuple[str, ...]


class _Compiler:
    """One compilation, phase by phase; every phase runs, even after errors, so that all findings are found."""

    def __init__(self, findings: Findings, uses: PackUses, around: Surroundings) -> None:
        self._findings = findings
        self._ids = ClauseIds(findings)
        self._uses = uses
        self._around = around
        self._pack_steps = PackSteps(lambda: uses.packs)

    def compile(
        self, root: Node, contract: Contract | SharedContract | None, features: tuple[Source, ...]
    ) -> Compilation:
        """Compile what was read of the truth; without a contract, its features alone."""
        job, there = None, check_files(root, self._around.missing, self._findings)
        if isinstance(contract, Contract):
            self._uses.load(contract)
            job, scenarios = self._job(contract, Part(contract, root, features, whole=there))
        else:
            part = None if contract is None else Part(contract, root, features, contract.key)
            scenarios = self._without_job(part, features)
        return Compilation(
            None if self._findings.failed else job,
            tuple(scenarios.examples),
            tuple(scenarios.gaps),
            self._findings.sorted(),
            self._uses.parameters,
            tuple(self._uses.packs),
            frozenset(self._pack_steps.said),
            _example_files(scenarios),
        )

    def _without_job(self, part: Part | None, features: Sequence[Source]) -> Compiled:
        """What can be told of texts whose job is not known: nothing that they name is called unknown."""
        points = () if part is None else [point.id for point in part.contract.approval_points]
        self._pack_steps = PackSteps(self._uses.loadable, guessed=True)
        vocabulary = Vocabulary((), (), points, people=self._around.people, pack_steps=self._pack_steps, complete=False)
        reader = ClauseReader(vocabulary, {}, self._findings)
        if part is not None:
            check_applies(part, self._around.jobs, self._uses.names(), self._findings)
            sections = self._sections(part, vocabulary, reader, escalates=True)
            sections.constraints()
            sections.required(sections.points())
            sections.hitl()
            Closure(frozenset(), frozenset(), None, {}, self._findings).clauses(part, ())
            check_wording(part, self._findings)
        return self._scenarios(reader, features)[0]

    def _sections(self, part: Part, vocabulary: Vocabulary, reader: ClauseReader, *, escalates: bool) -> Sections:
        return Sections(
            part.contract,
            part.root,
            vocabulary=vocabulary,
            reader=reader,
            ids=self._ids,
            findings=self._findings,
            escalates=escalates,
            owner=part.owner,
        )

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
                check_title(scenario.title, scenario.place, self._findings)
            compiler.feature(feature)
        return compiler.compiled, readable

    def _vocabulary(self, parts: Sequence[Part], *, complete: bool) -> Vocabulary:
        points = [point.id for part in parts for point in part.contract.approval_points]
        return Vocabulary(
            self._uses.packs,
            self._uses.writers,
            points,
            people=self._around.people,
            pack_steps=self._pack_steps,
            complete=complete,
        )

    def _evidence(self, contract: Contract, own: Part, reader: ClauseReader) -> dict[str, p.Selection]:
        found: dict[str, p.Selection] = {}
        for number, item in enumerate(contract.evidence.requires if contract.evidence else ()):
            declared = self._ids.declare(item.id, own.place("evidence", "requires", number, "id"))
            if item.satisfied_by is None or not declared:
                continue
            place = own.place("evidence", "requires", number, "satisfied_by")
            selection = reader.read_selection(item.satisfied_by, place, proposals=False)
            if selection is not None:
                found[item.id] = selection
        return found

    def _job(self, contract: Contract, own: Part) -> tuple[Job, Compiled]:
        merged, whole = parts_for(contract, self._around.shared, self._findings)
        parts = [own, *merged]
        vocabulary = self._vocabulary(parts, complete=self._uses.complete and whole)
        evidence = self._evidence(contract, own, ClauseReader(vocabulary, {}, self._findings))
        reader = ClauseReader(vocabulary, evidence, self._findings)
        sections = ContractCompiler(
            contract, own.root, vocabulary=vocabulary, reader=reader, ids=self._ids, findings=self._findings
        )
        inputs = InputSpecs(own.root, vocabulary, self._findings).compile(contract)
        escalates = contract.exception is not None
        shared = [self._sections(part, vocabulary, reader, escalates=escalates) for part in merged]
        found = self._together(sections, shared, parts, evidence)
        machines = EntityStatesCompiler(
            own.root, self._uses.packs, found.points, vocabulary=vocabulary, findings=self._findings
        )
        features = [source for part in parts for source in part.features]
        scenarios, readable = self._scenarios(reader, features)
        readable = readable and all(part.whole for part in parts)
        job = Job(
            truth=contract.key,
            title=contract.title,
            purpose=_purpose(contract),
            principal=contract.authority.actor,
            packs=self._uses.uses(),
            inputs=tuple(inputs),
            budget=_budget(contract),
            gates=tuple(gate for pack in self._uses.packs for gate in pack.gates),
            invariants=(*found.invariants, *scenarios.invariants),
            validations=(*found.validations, *scenarios.validations),
            criteria=tuple(found.criteria),
            approval_points=tuple(found.points),
            required_approvals=found.required,
            hitl=tuple(rule for item in (sections, *shared) for rule in item.hitl()),
            outputs=tuple(sections.outputs()),
            escalates_to=contract.exception.escalates_to if contract.exception else None,
            expires=sections.expires(self._around.today),
            manual=tuple(gap.id for gap in scenarios.gaps),
            merged=tuple(part.owner for part in merged),
            entity_states=machines.compile(contract),
        )
        lost = self._ids.declared - _done(job, scenarios) if readable and whole else None
        job = msgspec.structs.replace(job, clauses=self._clauses(job, parts, scenarios, lost))
        WholeJob(job, parts, vocabulary, self._findings).check(contract, self._uses)
        if lost is not None and vocabulary.complete:
            references = ExampleReferences(job, lost, vocabulary, self._findings)
            references.check(scenarios.examples, features, scenarios.givens)
        return job, scenarios

    def _together(
        self,
        sections: ContractCompiler,
        shared: Sequence[Sections],
        parts: Sequence[Part],
        evidence: dict[str, p.Selection],
    ) -> _Merged:
        everyone: list[Sections] = [sections, *shared]
        invariants: list[Invariant] = []
        validations: list[Validation] = []
        for item in everyone:
            on_facts, on_proposals = item.constraints()
            invariants += on_facts
            validations += on_proposals
        criteria = sections.criteria(evidence)
        points = [point for item in everyone for point in item.points()]
        required: dict[str, None] = {}
        for part, item in zip(parts, everyone, strict=True):
            invariants += item.required(points, required)
            required.update(dict.fromkeys(part.contract.authority.requires_approval))
        return _Merged(invariants, validations, criteria, points, tuple(required))

    def _clauses(
        self, job: Job, parts: Sequence[Part], scenarios: Compiled, lost: frozenset[str] | None
    ) -> tuple[Clause, ...]:
        others = {example.id: "an example" for example in scenarios.examples}
        others |= {spec.name: "an input" for spec in job.inputs} | {item.name: "an output" for item in job.outputs}
        others |= {point.id: "an approval point" for point in job.approval_points}
        closure = Closure(_checks(job), frozenset(job.manual), lost, others, self._findings)
        return tuple(clause for part in parts for clause in closure.clauses(part, job.approval_points))


def _checks(job: Job) -> frozenset[str]:
    """Ids of what is judged in a run."""
    return frozenset(item.id for items in (job.invariants, job.validations, job.criteria) for item in items)


def _done(job: Job, scenarios: Compiled) -> frozenset[str]:
    """Ids of everything that compiled."""
    return _checks(job) | {*job.manual, *(example.id for example in scenarios.examples)}


def _example_files(scenarios: Compiled) -> tuple[tuple[str, Place], ...]:
    return tuple(
        (given.path, place)
        for example in scenarios.examples
        for given, place in zip(example.given, scenarios.givens[example.id], strict=True)
        if isinstance(given, InputsFrom)
    )


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
