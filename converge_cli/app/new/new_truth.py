"""Writes a new truth that works as it stands: contract, feature with good and bad examples, inputs, what it lacks."""

from dataclasses import dataclass
from pathlib import Path

from converge_cli.app.json_schemas import FOLDER, missing_schemas
from converge_cli.app.load_truth import people_at
from converge_cli.app.new.copied_truth import copied_truth
from converge_cli.app.new.starter import (
    DESCRIPTION,
    LEADER,
    TITLE,
    check_free,
    check_pack_name,
    pack_name_for,
    starter_files,
    titled,
)
from converge_cli.app.services import Services
from converge_cli.app.template import filled, write_new
from converge_cli.truth.catalog import TruthLocation, project_of

HINT = "take another key; nothing is ever overwritten"


@dataclass(frozen=True, slots=True)
class NewTruth:
    """What is asked for.

    Attributes:
        title: what will be true; the template's own when None.
        pack: one that is there: the truth begins as a copy of one that uses it; else a new pack of that name.
            When None, a pack named after the key.
        description: what a new pack decides.
    """

    key: str
    title: str | None = None
    pack: str | None = None
    description: str | None = None


@dataclass(frozen=True, slots=True)
class Created:
    """What was written, or would be.

    Attributes:
        pack: the pack that it uses or is about; None for a policy.
        copied_from: key of the truth that it began as.
        runs: whether it is a job.
    """

    key: str
    pack: str | None
    project: Path
    files: tuple[Path, ...]
    copied_from: str | None = None
    runs: bool = True


def new_truth(services: Services, wanted: NewTruth, *, dry_run: bool = False) -> Created:
    """Write a truth into the project that the user stands in, else into the folder.

    Raises:
        InvalidNameError: the key, the title or the pack's name can't be one.
        NameTakenError: the project has a truth of that key.
        NothingToCopyError: no truth uses the pack that is named.
        FileTakenError: a file would be overwritten.
        NotWritableError: the project can't be written to.
    """
    project = project_of(services.folder) or services.folder
    check_free(project, wanted.key)
    pack = wanted.pack or pack_name_for(wanted.key)
    check_pack_name(pack)
    copied_from = None
    if services.packs(project).location(pack) is None:
        actor, people = _actor(services, project, wanted.key)
        starter = starter_files(
            wanted.key, pack, title=wanted.title or TITLE, description=wanted.description or DESCRIPTION, actor=actor
        )
        files = {**people, **starter}
    else:
        files, copied_from = copied_truth(services, project, wanted.key, pack, wanted.title)
    if wanted.title is not None:
        files = titled(files, wanted.key, f"a copy of {copied_from}" if copied_from else "an example about requests")
    files = {**files, **missing_schemas(project)}
    write_new(project, files, HINT, dry_run=dry_run)
    return Created(wanted.key, pack, project, tuple(project / name for name in files), copied_from)


def _actor(services: Services, project: Path, key: str) -> tuple[str, dict[str, bytes]]:
    """On whose authority the truth acts: the first of the project's people; with a people file when there is none."""
    shared = project / "truths" / "people.yaml"
    place = TruthLocation(key, shared, project, (), shared if shared.is_file() else None)
    people = people_at(services, place)
    if people:
        return people[0].id, {}
    # People beside a truth are a folder further from the schemas than those of all truths.
    path, up = (f"truths/{key}/people.yaml", "../..") if shared.is_file() else ("truths/people.yaml", "..")
    [content] = filled("people", {"schemas": f"{up}/{FOLDER}"}).values()
    return LEADER, {path: content}
