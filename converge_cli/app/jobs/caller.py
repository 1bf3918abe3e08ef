"""Who calls a service, and what they may do there. Who may approve what is the truth's to say, not the service's."""

from dataclasses import dataclass

from converge_cli.core.errors import ConvergeError
from converge_cli.core.job_queue import QueuedJob
from converge_cli.core.role import Role

__all__ = ["LOCAL", "Caller", "ForbiddenError", "Role"]


class ForbiddenError(ConvergeError):
    """The caller is known, and may not do that."""

    code = "FORBIDDEN"

    def __init__(self, wish: str, role: Role | None) -> None:
        needed = f"role {role}: converge keys new" if role else "credential of that person"
        super().__init__(f"you may not {wish}", hint=f"it takes the {needed}", where=role)


@dataclass(frozen=True, slots=True)
class Caller:
    """Whoever a credential names.

    Attributes:
        person: id of a person, as in people.yaml.
        roles: what the credential allows.
        anyone: whether it may speak for any person, as whoever sits at the machine may (`--insecure-local`).
    """

    person: str
    roles: frozenset[Role]
    anyone: bool = False

    def require(self, role: Role, wish: str) -> None:
        """Refuse what the caller's roles do not allow.

        Raises:
            ForbiddenError: naming the role.
        """
        if role not in self.roles:
            raise ForbiddenError(wish, role)

    def sees_all(self) -> bool:
        """Whether every job is the caller's to see."""
        return self.anyone or not self.roles.isdisjoint({Role.READ, Role.OPERATE})

    def rules(self, job: QueuedJob) -> bool:
        """Whether the caller may cancel and resume a job."""
        return self.anyone or Role.OPERATE in self.roles or (Role.SUBMIT in self.roles and job.owner == self.person)

    def speaks_for(self, person: str) -> str:
        """The person as whom the caller acts.

        Raises:
            ForbiddenError: the credential is another person's.
        """
        if person != self.person and not self.anyone:
            raise ForbiddenError(f"act as {person}: your credential is {self.person}'s", None)
        return person


LOCAL = Caller("local", frozenset(Role), anyone=True)
"""Whoever calls a server that listens on this machine alone and asks nobody who they are."""
