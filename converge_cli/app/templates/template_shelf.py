"""The truths that a server serves, compiled once: those of `--templates`, of its project, and ours.

Every look compares the files with how they were when they were read, so that what is dropped in, changed or taken away
counts from the next request on. Callers name truths by key alone: nothing that comes over a wire becomes a path.
"""

import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from converge_cli._internal.canonical_json import encode
from converge_cli.app.load_truth import LoadedTruth, load_at
from converge_cli.app.make_engine import make_engine
from converge_cli.app.services import Services
from converge_cli.app.shown_path import shown
from converge_cli.app.templates.deployed import read_wiring_of
from converge_cli.app.templates.stamped_packs import StampedPacks
from converge_cli.app.templates.stamps import Stamps
from converge_cli.core.errors import ConvergeError
from converge_cli.core.pack import Pack
from converge_cli.core.person import Person
from converge_cli.core.port import RunRow
from converge_cli.pack.wiring import FILE as WIRING
from converge_cli.truth.catalog import (
    TRUTH_FILE,
    TruthLocation,
    TruthNotFoundError,
    find_truth,
    folder_of,
    project_of,
    shared_truths_in,
)
from converge_cli.truth.files import read_source
from converge_cli.truth.findings import Findings
from converge_cli.truth.people import read_people
from converge_cli.truth.yaml_source import read_yaml

Origin = Literal["templates", "project", "shipped"]
Parameters = Mapping[str, Mapping[tuple[str, ...], Any]]

_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_LONGEST = 100
_MOST_VARIANTS = 128
"""Truths compiled with parameters of their own that are kept."""
_LONGEST_VARIANT = 10_000
"""Bytes of parameters beyond which nothing is kept: hardly anybody sends them twice."""
_MOST_PROJECTS = 32


class TemplatesFolderError(ConvergeError):
    """A folder of templates is none."""

    code = "TEMPLATES_FOLDER_INVALID"


class TemplateMisnamedError(ConvergeError):
    """The folder of a truth has another name than the truth, or one that can't be asked for."""

    code = "TEMPLATE_MISNAMED"


@dataclass(frozen=True, slots=True)
class Template:
    """One served truth, as its files were when they were read.

    Attributes:
        name: what callers name it by.
        origin: where it is from.
        location: None when its file can't be read.
        truth: it compiled; None when it is broken, or is merged into others.
        error: why it can't run.
    """

    name: str
    origin: Origin
    file: Path
    location: TruthLocation | None
    truth: LoadedTruth | None
    error: ConvergeError | None
    stamps: Stamps
    packs: tuple[tuple[str, Pack | ConvergeError | None], ...]

    @property
    def runs(self) -> bool:
        """Whether it is a job, or might be one if it could be read."""
        return self.location is None or self.location.runs


class TemplateShelf:
    """What one server serves, for all of its threads."""

    def __init__(self, services: Services, folders: Sequence[Path] = ()) -> None:
        """Nothing is read yet.

        Args:
            services: where the server stands.
            folders: folders of templates, or projects; the first that has a truth of a name serves it, then the
                server's own project, then what is shipped.

        Raises:
            TemplatesFolderError: a folder is not there.
        """
        self._services = replace(services, shelf=self)
        self.folders = tuple(services.folder / folder for folder in folders)
        for folder in self.folders:
            if not folder.is_dir():
                name = shown(folder, services.folder)
                raise TemplatesFolderError(f"{name} is no folder", hint="--templates DIR", where=name)
            if (folder / TRUTH_FILE).is_file():
                name = shown(folder, services.folder)
                told = f"{name} is a truth, not a folder of truths"
                raise TemplatesFolderError(told, hint=f"--templates {name}/..", where=name)
        self._roots = tuple(_roots(services, self.folders))
        self._kept: dict[str, Template] = {}
        self._variants: dict[tuple[str, bytes], tuple[Template, LoadedTruth]] = {}
        self._packs: dict[Path | None, StampedPacks] = {}
        self._people: dict[Path, tuple[Stamps, tuple[Person, ...]]] = {}
        self._lock = threading.RLock()
        self._locks: dict[str, threading.Lock] = {}

    def names(self) -> tuple[str, ...]:
        """Every truth that is served, broken or not, by name."""
        return tuple(sorted({name for name, _, _ in self._there() if is_name(name)}))

    def nameless(self) -> tuple[tuple[Path, Origin], ...]:
        """Truths that nobody can ask for, since their folders' names are none."""
        return tuple((file, origin) for name, file, origin in self._there() if not is_name(name))

    def template(self, name: str) -> Template:
        """The truth of a name, as its files are now.

        Raises:
            TruthNotFoundError: nothing of that name is served.
        """
        found = self._find(name)
        if found is None:
            self._kept.pop(name, None)
            self._locks.pop(name, None)
            raise TruthNotFoundError(name[:_LONGEST], list(self.names()))
        kept = self._kept.get(name)
        if kept is None or not self._holds(kept, found[0]):
            with self._lock_of(name):  # what takes long to compile keeps nobody from the others
                kept = self._kept.get(name)
                if kept is None or not self._holds(kept, found[0]):
                    kept = self._kept[name] = self._read(name, *found)
        return kept

    def load(self, name: str, parameters: Parameters | None = None) -> LoadedTruth:
        """A truth, ready to run; shared by all that run it.

        Raises:
            TruthNotFoundError: nothing of that name is served.
            NotRunnableError, InvalidTruthError, InvalidParameterError, ConvergeError: see `load_truth`.
        """
        template = self.template(name)
        if template.error is not None:
            raise template.error.with_traceback(None)
        assert template.truth is not None  # noqa: S101  else there is an error
        assert template.location is not None  # noqa: S101
        if not parameters:
            return template.truth
        key = (name, _key(parameters))
        kept = self._variants.get(key)
        if kept is not None and kept[0] is template:
            return kept[1]
        truth = replace(load_at(self._services, template.location, parameters), wiring=template.truth.wiring)
        if len(key[1]) <= _LONGEST_VARIANT:
            with self._lock:
                self._variants.pop(key, None)
                self._variants[key] = (template, truth)
                while len(self._variants) > _MOST_VARIANTS:
                    del self._variants[next(iter(self._variants))]
        return truth

    def locate(self, name: str) -> TruthLocation:
        """The files of a truth.

        Raises:
            TruthNotFoundError: nothing of that name is served.
            ConvergeError: its file can't be read.
        """
        template = self.template(name)
        if template.location is None:
            assert template.error is not None  # noqa: S101  why it can't be read
            raise template.error.with_traceback(None)
        return template.location

    def locations(self) -> tuple[TruthLocation, ...]:
        """The files of every truth that is served and can be read, by name."""
        found = []
        for name in self.names():
            with suppress(ConvergeError):
                found.append(self.locate(name))
        return tuple(found)

    def location_of(self, row: RunRow) -> TruthLocation | None:
        """Where the truth of a run stands now: where it was started from, else what is served by its name."""
        try:
            location: TruthLocation | None = self.locate(row.truth)
        except ConvergeError:
            location = None
        if location is not None and str(location.file) == row.location:
            return location
        try:
            return find_truth(row.location, self._services.folder, self._services.shipped)
        except ConvergeError:
            return location

    def packs(self, project: Path | None) -> StampedPacks:
        """The packs that a project sees, each loaded once."""
        packs = self._packs.get(project)
        if packs is None:
            with self._lock:
                roots = [] if project is None else [project / "packs"]
                packs = StampedPacks(roots, shipped=[self._services.shipped / "packs"])
                self._packs[project] = packs
                while len(self._packs) > _MOST_PROJECTS:
                    del self._packs[next(iter(self._packs))]
        return packs

    def people(self, path: Path) -> tuple[Person, ...]:
        """The people of a file.

        Raises:
            ConvergeError: it can't be read, or is at fault.
        """
        kept = self._people.get(path)
        if kept is None or not kept[0].hold():
            stamps = Stamps([path])
            kept = stamps, read_people(read_source(path, shown(path, self._services.folder)))
            with self._lock:
                self._people[path] = kept
                while len(self._people) > _MOST_PROJECTS:
                    del self._people[next(iter(self._people))]
        return kept[1]

    def _there(self) -> Iterator[tuple[str, Path, Origin]]:
        for root, origin in self._roots:
            for file in sorted(root.glob(f"*/{TRUTH_FILE}")):
                yield file.parent.name, file, origin

    def _lock_of(self, name: str) -> threading.Lock:
        with self._lock:
            return self._locks.setdefault(name, threading.Lock())

    def _find(self, name: str) -> tuple[Path, Origin] | None:
        if not is_name(name):
            return None
        for root, origin in self._roots:
            file = root / name / TRUTH_FILE
            if file.is_file():
                return file, origin
        return None

    def _holds(self, kept: Template, file: Path) -> bool:
        if kept.file != file or not kept.stamps.hold():
            return False
        if kept.location is None:
            return True
        packs = self.packs(kept.location.project)
        return all(packs.look(name) is found for name, found in kept.packs)

    def _read(self, name: str, file: Path, origin: Origin) -> Template:
        """Read and compile it, with whatever is wrong as part of the answer."""
        services = self._services
        stamps = before = Stamps([file])
        location = truth = error = None
        packs: tuple[tuple[str, Pack | ConvergeError | None], ...] = ()
        try:
            location = find_truth(str(file), services.folder, services.shipped)
            stamps = Stamps(_files(location, services.people))
            if not before.hold():  # what was found may be of another file than what is read now: look again next time
                stamps = before
            packs = tuple((pack, self.packs(location.project).look(pack)) for pack in _packs_of(file))
            truth = load_at(services, location)
            if truth.job.truth != name:
                told = f"folder {name} holds the truth {truth.job.truth}"
                raise TemplateMisnamedError(told, hint="give both one name", where=shown(file, services.folder))
            truth = replace(truth, wiring=read_wiring_of(services, truth))
            # What a pack or its policy has against it is told now, not to each run.
            found = truth.compilation
            make_engine(services, truth.job, found.packs, found.parameters, (), principal=None, strict=False, sink=None)
        except ConvergeError as wrong:
            error = wrong.with_traceback(None)
        whole = truth if error is None else None
        return Template(name, origin, file, location, whole, error, stamps, packs)


def is_name(name: str) -> bool:
    """Whether a truth can be asked for by a name: small letters, digits, single dashes; never a path."""
    return len(name) <= _LONGEST and _NAME.fullmatch(name) is not None


def _roots(services: Services, folders: Sequence[Path]) -> Iterator[tuple[Path, Origin]]:
    """Folders whose folders are truths, the first that counts first."""
    for folder in folders:
        yield from ((folder / "truths", "templates"), (folder, "templates"))
    project = project_of(services.folder) or services.folder
    if project.resolve() != services.shipped.resolve():
        yield project / "truths", "project"
    yield services.shipped / "truths", "shipped"


def _files(location: TruthLocation, people: Path | None) -> Iterator[Path]:
    """Whatever a truth is made of, without its packs; folders tell what is added and taken away."""
    own = location.file.parent
    yield from (own, location.file, own / WIRING, own / "people.yaml", *location.features)
    if people is not None:
        yield people
    if location.project is not None:
        yield location.project / "features"
    folder = folder_of(location)
    if folder is None:
        return
    yield from (folder, folder / "people.yaml")
    yield from (inside / TRUTH_FILE for inside in folder.iterdir())
    for shared in shared_truths_in(folder):
        yield from (shared.file.parent, *shared.features)


def _packs_of(file: Path) -> list[str]:
    root = read_yaml(read_source(file), Findings())
    named = root.get("packs") if root is not None else None
    items = named.value if named is not None and isinstance(named.value, list) else []
    return [item.value for item in items if isinstance(item.value, str)]


def _key(parameters: Parameters) -> bytes:
    given = [[pack, list(path), value] for pack, values in parameters.items() for path, value in values.items()]
    return encode(sorted(given, key=lambda item: (item[0], item[1])))
