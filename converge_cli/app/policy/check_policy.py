"""Checks the policies of packs: that they are valid, that each rule changes something, that each gate can be passed."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from converge_cli.app.services import Services
from converge_cli.app.show_pack import find_pack
from converge_cli.app.shown_path import shown
from converge_cli.app.validate.counted import Choice
from converge_cli.app.validate.validate_truths import Validation, validate_truths
from converge_cli.core.errors import ConvergeError
from converge_cli.core.pack import Pack
from converge_cli.core.person import Person
from converge_cli.core.policy_review import PolicyReview
from converge_cli.pack.registry import PackRegistry
from converge_cli.truth.catalog import project_of
from converge_cli.truth.codes import BY_NAME

_NOT_POLICY = frozenset({BY_NAME["unused-step"].code})


class NoPolicyError(ConvergeError):
    """There is no policy to check: an error, since checking nothing must not pass."""

    code = "POLICY_MISSING"


@dataclass(frozen=True, slots=True)
class CheckedPolicy:
    """What was looked at in one pack.

    Attributes:
        rules: how many there are.
        tried: gate -> requests that were put to the rules, 0 where there were too many.
        passed_by: gate -> the people who could pass it.
        people: how many there are.
    """

    pack: str
    folder: str
    rules: int
    tried: dict[str, int]
    passed_by: dict[str, tuple[str, ...]]
    people: int

    def data(self) -> dict[str, Any]:
        """As `--json` prints it."""
        gates = [
            {"gate": gate, "requests_tried": count, "passed_by": list(self.passed_by[gate])}
            for gate, count in self.tried.items()
        ]
        return {"pack": self.pack, "folder": self.folder, "rules": self.rules, "people": self.people, "gates": gates}


@dataclass(frozen=True, slots=True)
class CheckedPolicies:
    """The packs that could be looked at, and the findings of all."""

    packs: tuple[CheckedPolicy, ...]
    validation: Validation

    def data(self) -> dict[str, Any]:
        """As `--json` prints it."""
        return {
            "packs": [item.data() for item in self.packs],
            "errors": self.validation.errors,
            "warnings": self.validation.warnings,
            "findings": msgspec.to_builtins(self.validation.diagnostics),
            "suppressed": msgspec.to_builtins(self.validation.suppressed),
        }


def check_policies(services: Services, pack: str | None) -> CheckedPolicies:
    """Check the policy of one pack, or of every pack here that has one.

    Raises:
        PackNotFoundError: there is no such pack.
        NoPolicyError: no pack has a policy.
        InvalidPackError: the pack that was named can't be loaded.
    """
    registry = services.packs(project_of(services.folder))
    names = registry.names() if pack is None else [find_pack(services, pack).name]
    paths = {
        name: path for name in names if (path := registry.location(name)) is not None and _has_policy(registry, name)
    }
    if not paths:
        raise NoPolicyError(f"{pack or 'the packs here'}: no policy", hint="a pack with gates has one", where=pack)
    checked: dict[str, CheckedPolicy] = {}

    def reviewed(pack: Pack, people: Sequence[Person]) -> PolicyReview | None:
        """What validation finds in a policy is what is told here: each is looked at once."""
        review = services.policy_review(pack, people)
        if review is not None and pack.name in paths:
            folder = shown(paths[pack.name], services.folder)
            checked[pack.name] = CheckedPolicy(
                pack.name, folder, review.rules, dict(review.tried), dict(review.passed_by), len(people)
            )
        return review

    watched = dataclasses.replace(services, policy_review=reviewed)
    validation = validate_truths(watched, list(paths.values()), Choice(ignore=_NOT_POLICY))
    return CheckedPolicies(tuple(checked[name] for name in names if name in checked), validation)


def _has_policy(registry: PackRegistry, name: str) -> bool:
    """Whether there is something to check; what can't be loaded is a finding, as validation tells it."""
    try:
        pack = registry.find(name)
    except ConvergeError:
        return True
    return pack is not None and pack.policy is not None
