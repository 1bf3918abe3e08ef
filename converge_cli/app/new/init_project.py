"""Starts a project: settings, people, a truth with its feature and pack that run, a CI job. Overwrites nothing."""

from dataclasses import dataclass
from pathlib import Path

from converge_cli.app.json_schemas import FOLDER, missing_schemas
from converge_cli.app.new.starter import DESCRIPTION, LEADER, TITLE, starter_files
from converge_cli.app.template import filled, write_new
from converge_cli.core.errors import ConvergeError
from converge_cli.truth.catalog import project_of

KEY = "requests"
"""The truth of a new project, and its pack."""

_HINT = "name another folder: converge init DIR"
_KEPT = (".gitignore",)
"""What a folder may have before: a repository that was just cloned has one."""


class ProjectExistsError(ConvergeError):
    """The folder is a project already, or a part of one; nothing was written."""

    code = "PROJECT_EXISTS"


@dataclass(frozen=True, slots=True)
class NewProject:
    """What was written (or would be), and what was there and stays as it is."""

    files: tuple[Path, ...]
    kept: tuple[Path, ...]


def init_project(folder: Path, *, dry_run: bool = False) -> NewProject:
    """Write a new project into a folder, which may hold other things.

    Raises:
        ProjectExistsError: the folder is a project, or one of a project's own folders.
        FileTakenError: a file would be overwritten.
        NotWritableError: the folder can't be written to.
    """
    _check_free(folder)
    starter = starter_files(KEY, KEY, title=TITLE, description=DESCRIPTION, actor=LEADER)
    files = {
        **filled("project", {}),
        **filled("people", {"schemas": f"../{FOLDER}"}),
        **starter,
        **missing_schemas(folder),
    }
    kept = [name for name in _KEPT if (folder / name).is_file()]
    for name in kept:
        del files[name]
    write_new(folder, files, _HINT, dry_run=dry_run)
    return NewProject(tuple(folder / name for name in files), tuple(folder / name for name in kept))


def _check_free(folder: Path) -> None:
    there = folder.absolute()
    project = project_of(there)
    if project is None:
        return
    inside = there.relative_to(project).parts[:1]
    if not inside:
        raise ProjectExistsError(
            f"{there} is a project already: it has truths/; nothing was written",
            hint="converge truths new adds a truth to it; converge init DIR starts another project",
            where=str(folder),
        )
    if inside[0] in {"truths", "packs", "features"}:
        raise ProjectExistsError(
            f"{there} is inside {inside[0]}/ of the project {project}; nothing was written",
            hint=_HINT,
            where=str(folder),
        )
