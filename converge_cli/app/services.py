"""What every use case needs from the outside, chosen once by the composition root."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from converge_cli.app.deployment import IN_MEMORY, Deployment
from converge_cli.core.errors import ConvergeError
from converge_cli.core.pack import Pack, PolicyFiles
from converge_cli.core.person import Person
from converge_cli.core.policy_review import PolicyReview
from converge_cli.core.policy_rule import PolicyRule
from converge_cli.core.port import Clock, Experience, FlowGate, IdSource

if TYPE_CHECKING:
    from converge_cli.app.ledger.mirror import Mirror
    from converge_cli.app.templates.template_shelf import TemplateShelf
    from converge_cli.pack.registry import PackRegistry


@dataclass(frozen=True, slots=True)
class Services:
    """Ports and places.

    Attributes:
        experience: where runs are recorded.
        gate: makes the authorizer of a set of packs' policies.
        policy_problems: everything that is wrong with the policy of a pack, each with its place in the pack's folder.
        policy_review: what is to be said of a valid policy, with these people; None for a pack without one.
        policy_rules: the rules of the policy of a pack of that name; none where they can't be read.
        shipped: folder that holds the truths, packs and features of the distribution.
        folder: where the user stands; names are looked up from here.
        people: people file that overrides the one beside the truths, or None.
        on_stuck: called with a name when foreign code can't be stopped.
        mirror: copies runs into a ledger in the background, or None.
        identities: folder of the user's own key files.
        deployment: what truths may ask for by their wiring.
        shelf: the truths of a server, kept compiled, and named by key alone; None for a command.
    """

    experience: Experience
    clock: Clock
    ids: IdSource
    gate: Callable[[Mapping[str, PolicyFiles]], FlowGate]
    policy_problems: Callable[[Pack], Sequence[ConvergeError]]
    policy_review: Callable[[Pack, Sequence[Person]], PolicyReview | None]
    policy_rules: Callable[[str, PolicyFiles], Sequence[PolicyRule]]
    shipped: Path
    folder: Path
    people: Path | None = None
    on_stuck: Callable[[str], None] | None = None
    mirror: "Mirror | None" = None
    identities: Path = Path("identities")
    deployment: Deployment = IN_MEMORY
    shelf: "TemplateShelf | None" = None

    def packs(self, project: Path | None) -> "PackRegistry":
        """The packs that a project sees: its own, installed ones, ours. For our truths ours are its own."""
        if self.shelf is not None:
            return self.shelf.packs(project)
        from converge_cli.pack.registry import PackRegistry  # noqa: PLC0415  commands that need no pack load none

        roots = [] if project is None else [project / "packs"]
        return PackRegistry(roots, shipped=[self.shipped / "packs"], on_stuck=self.on_stuck)
