"""Checks each file that was found, by its sort: truths with their features, packs, policies, people, wiring.

Whatever goes wrong with one file is a finding of it. Must never stop at a bad one.
"""

import os
from collections.abc import Callable, Iterable
from pathlib import Path

from converge_cli.app.load_truth import compile_at, people_at
from converge_cli.app.services import Services
from converge_cli.app.shown_path import shown
from converge_cli.app.truth_shelf import TruthShelf
from converge_cli.app.validate.failures import finding, findings_of
from converge_cli.app.validate.found_files import FoundFiles, may_be_pack
from converge_cli.app.validate.policy_findings import policy_findings
from converge_cli.app.validate.unused_steps import unused_steps
from converge_cli.app.validate.wiring_findings import wiring_findings
from converge_cli.core.errors import ConvergeError
from converge_cli.core.pack import Pack
from converge_cli.pack.pack_files import MANIFEST
from converge_cli.pack.wiring import FILE as WIRING
from converge_cli.pack.wiring import read_wiring
from converge_cli.truth.catalog import TruthLocation, find_truth, project_of
from converge_cli.truth.compiler import Compilation, compile_feature
from converge_cli.truth.diagnostics import Diagnostic
from converge_cli.truth.files import read_source
from converge_cli.truth.findings import Findings
from converge_cli.truth.people import read_people

LONE_FEATURE = "no truth uses this feature, so the kinds, fields, points and suggestors that it names are not checked"
_OPEN_IT = "give yourself the right to read it, or leave it out"


class CheckedFiles:
    """What was looked at, and what was found.

    Attributes:
        truths: those that were found, with what they came to; None where a file could not be read.
        files: every file that was looked at, as people see it.
        diagnostics: in no order yet; the same one may be there twice.
    """

    def __init__(self, services: Services) -> None:
        self._services = services
        self._folder = services.folder
        self._shelf = TruthShelf(services)
        self._wired: set[Path] = set()
        self._used: dict[Path, dict[Path, list[TruthLocation]]] = {}
        self._packs: dict[Path, Pack | None] = {}
        self._locations: dict[Path, TruthLocation | None] = {}
        self.truths: dict[TruthLocation, Compilation | None] = {}
        self.files: dict[str, None] = {}
        self.diagnostics: list[Diagnostic] = []

    def check(self, found: FoundFiles) -> None:
        """Check everything that was found."""
        for folder, why in found.unreadable.items():
            self._look(folder)
            self._add(finding("unreadable-file", folder, self._folder, f"the folder can't be read: {why}", _OPEN_IT))
        for path in found.truths:
            self._check_truth(path)
        for path in found.features:
            self._check_feature(path)
        for path in found.people:
            self._guarded(path, lambda path=path: self._check_people(path))  # type: ignore[misc]
        for path in (path for path in found.wirings if _real(path) not in self._wired):
            self._guarded(path, lambda path=path: self._check_lone_wiring(path))  # type: ignore[misc]
        for path in found.packs:
            self._load(path)
        for path in found.policies:
            self._check_policy(path)
        compiled = {_real(location.file): compilation for location, compilation in self.truths.items()}
        self.diagnostics += unused_steps(self._packs, compiled, self._folder)

    def _check_truth(self, path: Path) -> None:
        self._look(path)
        location = self._locate(path)
        if location is not None:
            self.check_location(location)

    def check_location(self, location: TruthLocation) -> None:
        """Compile one truth, with its people; once."""
        if location in self.truths:
            return
        self.truths[location] = None
        for path in (location.file, *location.features, *((location.people,) if location.people else ())):
            self._look(path)
        self._guarded(location.file, lambda: self._compile(location))
        self._guarded(location.file, lambda: people_at(self._services, location))
        # What a shared truth says is judged in the jobs that it is merged into.
        self._guarded(location.file, lambda: self._check_jobs(location))

    def _check_jobs(self, location: TruthLocation) -> None:
        for job in self._shelf.jobs_of(location):
            self.check_location(job)

    def _compile(self, location: TruthLocation) -> None:
        compiled = self.truths[location] = compile_at(self._services, location, self._shelf)
        self.diagnostics += compiled.diagnostics
        wiring = location.file.parent / WIRING
        if wiring.is_file():
            self._look(wiring)
            self._wired.add(_real(wiring))
            self._guarded(wiring, lambda: self._check_wiring(location, compiled))

    def _check_wiring(self, location: TruthLocation, compiled: Compilation) -> None:
        self.diagnostics += wiring_findings(self._services, location, compiled)

    def _check_lone_wiring(self, path: Path) -> None:
        """The wiring of no truth that was looked at: which suggestors there are is not known."""
        self._look(path)
        findings = Findings()
        read_wiring(read_source(path, shown(path, self._folder)), findings, None)
        self.diagnostics += findings.sorted()

    def _check_feature(self, path: Path) -> None:
        self._look(path)
        users = self._users(path)
        for location in users:
            self.check_location(location)
        if not users:
            self._guarded(path, lambda: self._check_lone(path))

    def _check_lone(self, path: Path) -> None:
        source = read_source(path, shown(path, self._folder))
        self.diagnostics += compile_feature(source, self._services.packs(project_of(path)))
        line = heading_line(source.data)
        fix = f"name it in features: of a truth, or add truths/{path.stem}/truth.yaml"
        self._add(finding("feature-without-truth", path, self._folder, LONE_FEATURE, fix, line))

    def _check_people(self, path: Path) -> None:
        self._look(path)
        read_people(read_source(path, shown(path, self._folder)))

    def _load(self, path: Path) -> Pack | None:
        """The pack of a folder or file, after findings when it can't be loaded or its policy is at fault; once."""
        if path not in self._packs:
            self._look(path / MANIFEST if path.is_dir() else path)
            self._packs[path] = None
            self._guarded(path, lambda: self._load_pack(path))
        return self._packs[path]

    def _load_pack(self, path: Path) -> None:
        from converge_cli.pack.loader import load_pack  # noqa: PLC0415  truths alone need none

        pack = self._packs[path] = load_pack(path, on_stuck=self._services.on_stuck)
        base = path if path.is_dir() else path.parent
        for file in pack.policy.policies if pack.policy is not None else ():
            self._look(base / file)
        problems = self._services.policy_problems(pack)
        for problem in problems:
            self.diagnostics += findings_of(problem, path, self._folder)
        if pack.policy is not None and not problems:
            self.diagnostics += policy_findings(self._services, pack, path)

    def _check_policy(self, path: Path) -> None:
        """A policy is checked with its pack; one that no pack names is never asked."""
        self._look(path)
        owners = [folder for folder in path.parents if (folder / MANIFEST).is_file()][:1]
        near = path.parents[:2]
        owners += [file for folder in near for file in sorted(folder.glob("*.py")) if may_be_pack(file)]
        packs = [(owner, pack) for owner in owners if (pack := self._load(owner)) is not None]
        named = any(
            path.relative_to(owner if owner.is_dir() else owner.parent).as_posix() in _policy_files(pack)
            for owner, pack in packs
        )
        # A pack that can't be loaded says so itself; what it names is not known then.
        if not named and len(packs) == len(owners):
            message = "no pack names this file, so nothing ever asks it"
            self._add(finding("invalid-policy", path, self._folder, message, f"list it in {MANIFEST} under policy:"))

    def _users(self, feature: Path) -> list[TruthLocation]:
        project = project_of(feature)
        if project is None:
            beside = feature.parent / "truth.yaml"
            location = self._locate(beside) if beside.is_file() else None
            named = location is not None and _real(feature) in _resolved(location.features)
            return [location] if location is not None and named else []
        if project not in self._used:
            self._used[project] = {}
            for file in sorted(project.glob("truths/*/truth.yaml")):
                self._note_users(project, file)
        return self._used[project].get(_real(feature), [])

    def _note_users(self, project: Path, file: Path) -> None:
        location = self._locate(file)
        for feature in _resolved(location.features) if location is not None else ():
            assert location is not None  # noqa: S101  it has features
            self._used[project].setdefault(feature, []).append(location)

    def _locate(self, path: Path) -> TruthLocation | None:
        """Where a truth's files are; None after a finding."""
        real = _real(path)
        if real not in self._locations:
            self._locations[real] = None
            self._guarded(path, lambda: self._find(path))
        return self._locations[real]

    def _find(self, path: Path) -> None:
        read_source(path, shown(path, self._folder))
        self._locations[_real(path)] = find_truth(str(path), self._folder, self._services.shipped)

    def _guarded(self, path: Path, work: Callable[[], object]) -> None:
        try:
            work()
        except ConvergeError as error:
            self.diagnostics += findings_of(error, path, self._folder)

    def _look(self, path: Path) -> None:
        self.files[shown(path, self._folder)] = None

    def _add(self, item: Diagnostic) -> None:
        self.diagnostics.append(item)


def _policy_files(pack: Pack) -> frozenset[str]:
    return frozenset() if pack.policy is None else frozenset((*pack.policy.policies, pack.policy.schema_file))


def heading_line(data: bytes) -> int:
    """The first line that is neither blank nor a comment or tags."""
    lines = enumerate(data.split(b"\n"), start=1)
    return next((number for number, line in lines if line.strip() and line.strip()[:1] not in b"#@"), 1)


def _resolved(paths: Iterable[Path]) -> set[Path]:
    return {_real(path) for path in paths}


def _real(path: Path) -> Path:
    """A path without links; a circle of links, which nothing could be read through, stays as it is."""
    return Path(os.path.realpath(path))
