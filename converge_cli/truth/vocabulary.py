"""The vocabulary of one truth: the kinds, fields and writers that its active packs bring, and checks against it.

Must never load a pack: it is given loaded ones.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import inspect

from converge_cli.core import predicate as p
from converge_cli.core.built_in_kinds import reserved_kinds
from converge_cli.core.errors import did_you_mean
from converge_cli.core.kind import Kind
from converge_cli.core.pack import Pack
from converge_cli.core.person import Person
from converge_cli.core.privacy import private_fields
from converge_cli.core.selector import Selector
from converge_cli.truth.findings import Findings, Place
from converge_cli.truth.pack_steps import PackSteps

_NEVER_TEXT = (inspect.BoolType, inspect.IntType, inspect.DecimalType, inspect.DateType, inspect.DateTimeType)


class Writer(msgspec.Struct, frozen=True):
    """A suggestor with what it may propose."""

    name: str
    pack: str
    writes: tuple[Any, ...]

    def may_write(self, which: Selector) -> bool:
        """Whether something that it may propose is selected."""
        return any(write.overlaps(which) for write in self.writes)


class Vocabulary:
    """Kinds and writers of the active packs.

    Attributes:
        kinds: every kind that a fact of the run can have.
        writers: the registered suggestors.
        pack_steps: what the packs add to the step language.
        points: ids of the declared approval points.
        people: those who may act and decide; None when nobody has been listed.
        complete: False when a pack or the contract could not be read: then nothing is called unknown.
    """

    def __init__(
        self,
        packs: Sequence[Pack],
        writers: Sequence[Writer],
        points: Iterable[str],
        *,
        people: Sequence[Person] | None = None,
        pack_steps: PackSteps | None = None,
        complete: bool = True,
    ) -> None:
        self.people = people
        self.complete = complete
        own = {name: kind for pack in packs for name, kind in pack.kinds.items()}
        self.kinds: Mapping[str, Kind] = {**reserved_kinds(), **own}
        self.writers = tuple(writers)
        self.pack_steps = pack_steps or PackSteps(lambda: packs)
        self.points = frozenset(points)
        self._fields: dict[str, Mapping[str, inspect.Type]] = {}
        self._problems: dict[tuple[frozenset[str], str], str | None] = {}

    def check_selection(self, selection: p.Selection | None, place: Place, findings: Findings) -> frozenset[str]:
        """Check a selection's kind and field; returns the kinds that it can select, empty when they are open."""
        if selection is None:
            return frozenset()
        kinds = self.kinds_of(selection, place, findings)
        if selection.where is not None:
            self.check_field(selection.where.field, kinds, place, findings)
        return kinds

    def kinds_of(self, selection: p.Selection, place: Place, findings: Findings) -> frozenset[str]:
        """The kind that an id pattern names, after a finding when no pack declares it."""
        kind, colon, _ = (selection.id or "*").partition(":")
        if "*" in kind:
            return frozenset()
        if not colon:
            where = findings.within(place, f'"{selection.id}"')
            message = f"{selection.id!r} selects nothing: an id is kind:name"
            findings.add("malformed-pattern", where, message, f'write "{kind}:*"')
            return frozenset()
        if kind in self.kinds:
            return frozenset({kind})
        if not self.complete:
            return frozenset()
        own = sorted(self.kinds)
        fix = did_you_mean(kind, own) or f"the kinds are {', '.join(own)}"
        where = findings.within(place, f'"{selection.id}"')
        mending = findings.mending(where, kind, own)
        findings.add("unknown-kind", where, f"no active pack declares kind {kind!r}", fix, mending)
        return frozenset()

    def check_field(self, path: str, kinds: frozenset[str], place: Place, findings: Findings) -> None:
        """Check that one of the kinds has a field at a dotted path; open kinds are taken on trust."""
        if not kinds:
            return
        problem = self._problems.get((kinds, path), "")
        if problem == "":
            problem = self._field_problem(path, kinds)
            self._problems[kinds, path] = problem
        if problem is not None:
            names = " or ".join(sorted(kinds))
            where = findings.within(place, f'"{path}"')
            mending = findings.mending(where, path, self._paths(kinds))
            findings.add("unknown-field", where, f"kind {names} has no field {path!r}", problem, mending)

    def _field_problem(self, path: str, kinds: frozenset[str]) -> str | None:
        first, _, rest = path.partition(".")
        for name in kinds:
            fields = self.fields(name)
            if first in fields and _has_path(fields[first], rest):
                return None
        known = self._paths(kinds)
        return did_you_mean(path, known) or f"its fields are {', '.join(known)}"

    def _paths(self, kinds: frozenset[str]) -> list[str]:
        """The dotted paths of kinds, one level deep."""
        tops = [field for name in sorted(kinds) for field in self.fields(name).items()]
        return [name for top, kind in tops for name in (top, *_below(top, kind))]

    def fields(self, kind: str) -> Mapping[str, inspect.Type]:
        """The fields of a kind."""
        if kind not in self._fields:
            self._fields[kind] = self.kinds[kind].fields()
        return self._fields[kind]

    def may_name_people(self, path: str, kinds: frozenset[str]) -> bool:
        """Whether a field of one of the kinds can hold text that is kept, as far as is known."""
        known = [(self.kinds[name], fields[path]) for name in kinds if path in (fields := self.fields(name))]
        return not known or not all(
            isinstance(held, _NEVER_TEXT) or private_fields(kind.model).get(path) is True for kind, held in known
        )

    def check_point(self, point: str, place: Place, findings: Findings) -> None:
        """Check that an approval point is declared."""
        if self.complete and point not in self.points:
            fix = did_you_mean(point, self.points) or "declare it under approval_points"
            where = findings.within(place, point)
            mending = findings.mending(where, point, self.points)
            findings.add("unknown-point", where, f"approval point {point!r} is not declared", fix, mending)

    def check_role(self, role: str, place: Place, findings: Findings) -> bool:
        """Check that somebody holds a role; False after a finding."""
        if self.people is None:
            return True
        roles = sorted({role for person in self.people for role in person.roles})
        if role not in roles:
            fix = did_you_mean(role, roles) or f"the roles in people.yaml are {', '.join(roles) or 'none'}"
            where = findings.within(place, role)
            mending = findings.mending(where, role, roles)
            findings.add("unknown-role", where, f"nobody has the role {role!r}", fix, mending)
        return role in roles

    def check_person(self, person: str, place: Place, findings: Findings) -> None:
        """Check that a person is listed."""
        if self.people is None:
            return
        known = [item.id for item in self.people]
        if person not in known:
            fix = did_you_mean(person, known) or f"the people in people.yaml are {', '.join(known) or 'none'}"
            where = findings.within(place, person)
            mending = findings.mending(where, person, known)
            findings.add("unknown-person", where, f"{person!r} is not among the people", fix, mending)

    def check_check(self, check: p.Check, subject: frozenset[str], place: Place, findings: Findings) -> None:
        """Check the kinds, fields and points that a check names; `subject` are the kinds that it judges."""
        for selection in p.selections_of(check):
            self.check_selection(selection, place, findings)
        for path, kinds in self._field_uses(check, subject):
            self.check_field(path, kinds, place, findings)
        if isinstance(check, p.Approved):
            self.check_point(check.point, place, findings)
            if check.role is not None:
                self.check_role(check.role, findings.within(place, f'by role "{check.role}"'), findings)
        other = getattr(check, "other", None)
        if isinstance(other, p.FieldOf):
            kinds = self.kinds_of(p.Selection(other.key, other.id), place, findings)
            self.check_field(other.field, kinds, place, findings)

    def _field_uses(self, check: p.Check, subject: frozenset[str]) -> Iterator[tuple[str, frozenset[str]]]:
        if isinstance(check, p.Includes):
            for row in check.rows:
                yield row.field, subject
        elif isinstance(check, p.FieldIs):
            yield check.test.field, subject
        elif isinstance(check, p.FieldUnique | p.FieldEquals | p.SumIs):
            yield check.field, subject
        elif isinstance(check, p.Paired) and check.field is not None and check.equals is not None:
            yield check.field, self._named(check.partner)
            yield check.equals, self._named(check.each)

    def _named(self, selection: p.Selection) -> frozenset[str]:
        kind = (selection.id or "*").partition(":")[0]
        return frozenset({kind}) if kind in self.kinds else frozenset()


def _below(top: str, kind: inspect.Type) -> list[str]:
    """The dotted paths one level below a field that holds a model."""
    return [f"{top}.{field.encode_name}" for field in kind.fields] if isinstance(kind, inspect.StructType) else []


def _has_path(kind: inspect.Type, path: str) -> bool:
    """Whether a dotted path leads somewhere inside a value of a type."""
    if not path:
        return True
    first, _, rest = path.partition(".")
    if isinstance(kind, inspect.UnionType):
        return any(_has_path(part, path) for part in kind.types)
    if isinstance(kind, inspect.StructType):
        fields = {field.encode_name: field.type for field in kind.fields}
        return first in fields and _has_path(fields[first], rest)
    if isinstance(kind, inspect.VarTupleType):
        return first.isdigit() and _has_path(kind.item_type, rest)
    if isinstance(kind, inspect.TupleType):
        return first.isdigit() and int(first) < len(kind.item_types) and _has_path(kind.item_types[int(first)], rest)
    # What a frozen map holds is not known before it is filled.
    return isinstance(kind, inspect.CustomType)
