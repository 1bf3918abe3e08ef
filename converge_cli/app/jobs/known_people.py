"""Whether somebody is one of the people who decide here, so that a key for a name that was misspelt is noticed."""

from pathlib import Path

from converge_cli.app.services import Services
from converge_cli.app.shown_path import shown
from converge_cli.core.errors import ConvergeError, did_you_mean
from converge_cli.truth.catalog import list_truths
from converge_cli.truth.files import read_source
from converge_cli.truth.people import read_people


def doubt_about(services: Services, person: str) -> str | None:
    """What whoever makes a key that decides should know; None where the person is known, or nobody is."""
    known = {found for path in _files(services) for found in _people(path, services)}
    if not known or person in known:
        return None
    near = did_you_mean(person, sorted(known))
    return f"nobody of the people here is {person}, so this key decides nothing here{f': {near}' if near else ''}"


def _files(services: Services) -> set[Path]:
    if services.people is not None:
        return {services.people}
    found = (location.people for location in list_truths(services.folder, services.shipped))
    return {path for path in found if path is not None}


def _people(path: Path, services: Services) -> list[str]:
    """None of a file that can't be read: `converge validate` says what is wrong with it."""
    try:
        return [person.id for person in read_people(read_source(path, shown(path, services.folder)))]
    except ConvergeError:
        return []
