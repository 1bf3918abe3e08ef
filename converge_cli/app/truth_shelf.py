"""What lies around a truth in its truths/ folder: shared truths that may be merged into it, jobs that it serves."""

from pathlib import Path

from converge_cli.app.packs_once import PacksOnce
from converge_cli.app.services import Services
from converge_cli.app.shown_path import shown
from converge_cli.core.errors import ConvergeError
from converge_cli.truth.catalog import TruthLocation, folder_of, shared_truths_in, truths_in
from converge_cli.truth.files import read_source
from converge_cli.truth.findings import Findings
from converge_cli.truth.merge import applies_by_tree
from converge_cli.truth.surroundings import JobHeader, SharedText
from converge_cli.truth.yaml_source import read_yaml


class TruthShelf:
    """The truths/ folders and packs of one command; each is looked at once, however many truths are compiled."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._folder = services.folder
        self._packs: dict[Path | None, PacksOnce] = {}
        self._texts: dict[Path, list[SharedText | ConvergeError]] = {}
        self._jobs: dict[Path, tuple[tuple[TruthLocation, JobHeader], ...]] = {}

    def packs(self, project: Path | None) -> PacksOnce:
        """The packs that a project sees."""
        if project not in self._packs:
            self._packs[project] = PacksOnce(self._services.packs(project))
        return self._packs[project]

    def shared_texts(self, location: TruthLocation, *, readable: bool = False) -> tuple[SharedText, ...]:
        """The texts of the policy and invariant truths beside a job, in key order; `readable`: as far as they are.

        Raises:
            ConvergeError: a file of them can't be read, so what it asks for is not known.
        """
        folder = folder_of(location)
        if folder is None or not location.runs:
            return ()
        if folder not in self._texts:
            self._texts[folder] = [self._text(shared) for shared in shared_truths_in(folder)]
        failed = [item for item in self._texts[folder] if isinstance(item, ConvergeError)]
        if failed and not readable:
            raise failed[0]
        return tuple(item for item in self._texts[folder] if isinstance(item, SharedText))

    def job_headers(self, location: TruthLocation) -> tuple[JobHeader, ...] | None:
        """The jobs beside a shared truth; None when it stands alone."""
        folder = folder_of(location)
        return None if folder is None else tuple(header for _, header in self._jobs_in(folder))

    def jobs_of(self, location: TruthLocation) -> tuple[TruthLocation, ...]:
        """The jobs that a truth is judged in: itself, or those beside it that a shared truth is merged into."""
        folder = folder_of(location)
        if location.runs:
            return (location,)
        if folder is None:
            return ()
        root = read_yaml(read_source(location.file), Findings())
        return tuple(job for job, header in self._jobs_in(folder) if applies_by_tree(root, header))

    def _text(self, shared: TruthLocation) -> SharedText | ConvergeError:
        try:
            features = tuple(read_source(path, shown(path, self._folder)) for path in shared.features)
            return SharedText(read_source(shared.file, shown(shared.file, self._folder)), features, shared.missing)
        except ConvergeError as error:
            return error

    def _jobs_in(self, folder: Path) -> tuple[tuple[TruthLocation, JobHeader], ...]:
        if folder not in self._jobs:
            jobs = [truth for truth in truths_in(folder) if truth.runs]
            self._jobs[folder] = tuple((job, _header(job)) for job in jobs)
        return self._jobs[folder]


def _header(job: TruthLocation) -> JobHeader:
    try:
        root = read_yaml(read_source(job.file), Findings())
    except ConvergeError:
        root = None
    packs = root.get("packs") if root is not None else None
    named = packs.value if packs is not None and isinstance(packs.value, list) else []
    return JobHeader(job.key, tuple(item.value for item in named if isinstance(item.value, str)))
