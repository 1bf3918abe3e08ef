"""people.yaml to people. Must never grant anything: it only reads who there is."""

from typing import Annotated

from converge_cli._internal.ed25519 import public_bytes
from converge_cli.core.person import PERSON_ID, Authority, Person
from converge_cli.truth.clause_ids import ClauseIds
from converge_cli.truth.diagnostics import InvalidTruthError
from converge_cli.truth.findings import Findings
from converge_cli.truth.model_reader import read_model
from converge_cli.truth.source import Source
from converge_cli.truth.yaml_source import read_yaml
from converge_cli.truth.yaml_types import Name, Section, Text, spelled

PublicKey = Annotated[
    str, spelled(r"^ed25519:[A-Za-z0-9+/]{43}=$", "what `converge identity new` prints: ed25519: and 44 characters")
]
PersonId = Annotated[str, spelled(PERSON_ID, "letters, digits, dots, dashes, underscores and @")]


_FIX = "take the public key that `converge identity list` prints"


class InvalidPeopleError(InvalidTruthError):
    """A people.yaml that does not read; every finding is in `diagnostics`."""

    code = "PEOPLE_INVALID"


class PersonSection(Section, frozen=True):
    """One person.

    Attributes:
        id: how truths, commands and records name the person.
        name: as people read it.
        roles: what approval points ask for.
        authority: how far policies trust the person.
        domains: fields that policies know the person for.
        public_key: the key that the person's decisions must be signed with; converge identity new makes one.
    """

    id: PersonId
    name: Text
    roles: tuple[Name, ...] = ()
    authority: Authority = "advisory"
    domains: tuple[Name, ...] = ()
    public_key: PublicKey | None = None


class PeopleFile(Section, frozen=True):
    """The whole file.

    Attributes:
        people: who may act and decide.
    """

    people: tuple[PersonSection, ...]


def read_people(source: Source) -> tuple[Person, ...]:
    """The people of a people.yaml, in its order.

    Raises:
        InvalidPeopleError: with a finding, at its place, for everything that is wrong.
    """
    findings = Findings()
    root = read_yaml(source, findings)
    read = read_model(root, PeopleFile, findings) if root is not None else None
    people = read.people if read is not None else ()
    ids = ClauseIds(findings)
    for number, person in enumerate(people):
        assert root is not None  # noqa: S101  people were read from it
        ids.declare(person.id, root.nearest("people", number, "id").place)
        if person.public_key is not None and public_bytes(person.public_key) is None:
            place = root.nearest("people", number, "public_key").place
            findings.add(
                "invalid-value", place, f"{person.id} could never decide: no signature counts for this key", _FIX
            )
    if findings.failed:
        raise InvalidPeopleError(findings.sorted())
    return tuple(
        Person(item.id, item.name, item.roles, item.authority, item.domains, item.public_key) for item in people
    )
