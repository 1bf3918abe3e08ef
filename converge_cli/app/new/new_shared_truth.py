"""Writes a new policy or invariant truth that holds in a job of the project and is seen broken by a made-up fact."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from converge_cli.app.examples.run_examples import run_example
from converge_cli.app.json_schemas import missing_schemas
from converge_cli.app.load_truth import LoadedTruth, load_at
from converge_cli.app.new.new_truth import HINT, Created
from converge_cli.app.new.starter import check_free, check_text, titled
from converge_cli.app.new.trial_fact import TrialFact, trial_facts
from converge_cli.app.services import Services
from converge_cli.app.template import Files, filled, remove_new, write_new, yaml_text
from converge_cli.app.truth_shelf import TruthShelf
from converge_cli.core.errors import ConvergeError, did_you_mean
from converge_cli.core.stop_reason import StopReason
from converge_cli.truth.catalog import TruthLocation, project_of, truths_in

TITLE = "Trial data decides nothing"


class NoJobForItError(ConvergeError):
    """A policy or invariant truth holds in jobs, and it is not clear in which, or there is none."""

    code = "JOB_NOT_CHOSEN"


class NothingToTryError(ConvergeError):
    """No kind of fact of the job can be made up, so nothing can show that the new truth is broken."""

    code = "NOTHING_TO_TRY"


@dataclass(frozen=True, slots=True)
class NewSharedTruth:
    """What is asked for.

    Attributes:
        job: of a policy: key of the job that it applies to; the only one when None.
        pack: of an invariant truth: its pack; the only one that the jobs list when None.
    """

    key: str
    kind: Literal["policy", "invariant"]
    title: str | None = None
    job: str | None = None
    pack: str | None = None


async def new_shared_truth(services: Services, wanted: NewSharedTruth, *, dry_run: bool = False) -> Created:
    """Write the truth into the project that the user stands in, and run its examples; what does not hold is taken back.

    Runs are recorded where the services say: give them a store that is thrown away.

    Raises:
        InvalidNameError: the key or the title can't be one.
        NameTakenError: the project has a truth of that key.
        NoJobForItError: it is not clear for which job it is.
        NothingToTryError: none of its possible forms holds and can be broken.
        FileTakenError: a file would be overwritten.
        ConvergeError: the job does not compile, or the project can't be written to.
    """
    project = project_of(services.folder) or services.folder
    check_free(project, wanted.key)
    check_text("title", wanted.title or TITLE)
    job, pack = _choose(services, project, wanted)
    truth = load_at(services, job)
    for trial in _trials(truth, pack):
        files = {**_files(wanted, job.key, pack, trial), **missing_schemas(project)}
        made = write_new(project, files, HINT, dry_run=dry_run)
        holds = False
        try:
            holds = dry_run or await _holds(services, job, wanted)
        finally:
            if not holds:
                remove_new(made)
        if holds:
            return Created(wanted.key, pack, project, tuple(project / name for name in files), runs=False)
    raise NothingToTryError(
        f"no fact of {job.key} can be made up that only the new truth would mind; nothing was written",
        hint="write it by hand: docs/guide.md tells how policies and invariant truths are written",
        where=job.key,
    )


def _choose(services: Services, project: Path, wanted: NewSharedTruth) -> tuple[TruthLocation, str | None]:
    """The job that the truth is tried in, and the pack that it is about, if it is about one."""
    jobs = [truth for truth in truths_in(project / "truths") if truth.runs]
    headers = (TruthShelf(services).job_headers(jobs[0]) or ()) if jobs else ()
    if wanted.kind == "policy":
        what, option, named = "job", "--for", wanted.job
        choices: dict[str, tuple[TruthLocation, str | None]] = {job.key: (job, None) for job in jobs}
    else:
        what, option, named = "pack that a job lists", "--pack", wanted.pack
        choices = {name: (job, name) for job, header in zip(jobs, headers, strict=True) for name in header.packs}
    chosen = named or (next(iter(choices)) if len(choices) == 1 else None)
    if chosen in choices:
        return choices[chosen]
    hint = f"choose with {option}: {', '.join(choices)}" if choices else "make a job first: converge truths new KEY"
    message = f"no {what} is called {named}" if named else f"there is {'more than one' if choices else 'no'} {what}"
    guess = did_you_mean(named, choices) if named else None
    raise NoJobForItError(message, hint=guess or hint, where=option)


def _trials(truth: LoadedTruth, only: str | None) -> Iterator[TrialFact]:
    for pack in truth.compilation.packs:
        if only in {None, pack.name}:
            yield from trial_facts(pack, truth.compilation.parameters[pack.name])


def _files(wanted: NewSharedTruth, job: str, pack: str | None, trial: TrialFact) -> Files:
    name = wanted.key.replace("-", "_")
    title = wanted.title or TITLE
    names = {
        "key": wanted.key,
        "yaml_key": yaml_text(wanted.key),
        "yaml_job": yaml_text(job),
        "yaml_pack": yaml_text(pack or ""),
        "title": title,
        "yaml_title": yaml_text(title),
        "name": name if name[0].isalpha() else f"rule_{name}",
        "context_key": trial.key,
        "glob": trial.glob,
        "marked": trial.marked(wanted.key),
        "trial": trial.id(wanted.key),
        "fields": trial.table(),
    }
    files = filled(wanted.kind, names) | filled("rule", names)
    return files if wanted.title is None else titled(files, wanted.key, "an example about trial data")


async def _holds(services: Services, job: TruthLocation, wanted: NewSharedTruth) -> bool:
    """Whether the job still compiles, and the examples of the new truth hold and break no other invariant."""
    feature = f"{wanted.key}.feature"
    try:
        examples = [item for item in load_at(services, job).compilation.examples if item.origin.file == feature]
        outcomes = [await run_example(services, job, item) for item in examples]
    except ConvergeError:
        return False
    stopped = [outcome.result.stop for outcome in outcomes if outcome.result is not None]
    broken = {name for stop in stopped if stop.reason is StopReason.INVARIANT_VIOLATED for name in stop.names}
    return all(outcome.ok for outcome in outcomes) and len(broken) == 1
