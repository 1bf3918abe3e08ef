"""Writes a new pack that runs: manifest, fact models, a suggestor, a README, and the truth that shows it at work."""

from converge_cli.app.new.new_truth import Created, NewTruth, new_truth
from converge_cli.app.new.starter import NameTakenError, check_pack_name, key_for
from converge_cli.app.services import Services
from converge_cli.truth.catalog import project_of


def new_pack(
    services: Services, name: str, *, truth: str | None = None, description: str | None = None, dry_run: bool = False
) -> Created:
    """Write a pack, and a truth that uses it, into the project that the user stands in, else into the folder.

    Raises:
        InvalidNameError: the name, the key or the description can't be one.
        NameTakenError: there is a pack of that name, or a truth of that key.
        FileTakenError: a file would be overwritten.
        NotWritableError: the project can't be written to.
    """
    check_pack_name(name)
    taken = services.packs(project_of(services.folder)).location(name)
    if taken is not None:
        raise NameTakenError(
            f"there is a pack {name} already: {taken}; nothing was written",
            hint=f"take another name, or begin with it: converge truths new KEY --pack {name}",
            where=name,
        )
    wanted = NewTruth(truth or key_for(name), pack=name, description=description)
    return new_truth(services, wanted, dry_run=dry_run)
