"""Where a decision is recorded and what others decide is learnt: the store here, or a server. Asks nobody."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from converge_cli.app.decide_approval import decide_approval
from converge_cli.app.past_decisions import PastDecision, past_decisions
from converge_cli.app.record.recorded_run import events_of
from converge_cli.app.services import Services
from converge_cli.core.approval import Approval, ApprovalRequest, Decision
from converge_cli.core.event import RunEvent
from converge_cli.core.port import EventSink
from converge_cli.engine.decision import Decided, Statement

if TYPE_CHECKING:
    from converge_cli.client import Client
    from converge_cli.core.person import Person


class Desk(Protocol):
    """What the prompt needs of where the run is."""

    def earlier(self, truth: str, run: str, request: ApprovalRequest) -> Sequence[PastDecision]:
        """What people decided on the like in other runs."""
        ...

    def news(self, run: str, after: int) -> list[RunEvent]:
        """What was recorded since."""
        ...

    def decide(self, run: str, request: ApprovalRequest, who: str, decision: Decision, reason: str) -> list[Decided]:
        """Record a decision; returns what of it was refused.

        Raises:
            ConvergeError: nothing was recorded.
        """
        ...


@dataclass(frozen=True)
class LocalDesk:
    """The store of this machine."""

    services: Services
    sink: EventSink

    def earlier(self, truth: str, run: str, request: ApprovalRequest) -> Sequence[PastDecision]:
        """What people decided on the like in other runs."""
        return past_decisions(self.services, truth, run, request)

    def news(self, run: str, after: int) -> list[RunEvent]:
        """What was recorded since."""
        return [event for event in events_of(self.services, run) if event.seq > after]

    def decide(self, run: str, request: ApprovalRequest, who: str, decision: Decision, reason: str) -> list[Decided]:
        """Record a decision; returns what of it was refused."""
        said = Statement(decision, reason, "interactive")
        return list(decide_approval(self.services, run, request.id, who, said, sink=self.sink).refused)


@dataclass(frozen=True)
class RemoteDesk:
    """A server; whoever has a key of their own signs here, and the key stays here."""

    services: Services
    client: "Client"
    people: "Sequence[Person]"

    def earlier(self, truth: str, run: str, request: ApprovalRequest) -> Sequence[PastDecision]:
        """What people decided on the like in other runs that one may see."""
        return past_decisions(self.services, truth, run, request)

    def news(self, run: str, after: int) -> list[RunEvent]:
        """What was recorded since."""
        return list(events_of(self.services, run, after))

    def decide(self, run: str, request: ApprovalRequest, who: str, decision: Decision, reason: str) -> list[Decided]:
        """Record a decision; returns what of it was refused."""
        return refusals_in(self.send(run, request, who, decision, reason))

    def send(self, run: str, request: ApprovalRequest, who: str, decision: Decision, reason: str) -> dict[str, Any]:
        """Record a decision on one request; returns what the server says became of it."""
        signed = self._signed(request, who, decision, reason)
        return self.client.decide(run, request.id, decision, reason, by=who, signed=signed)

    def _signed(self, request: ApprovalRequest, who: str, decision: Decision, reason: str) -> tuple[str, str] | None:
        from converge_cli.app.identity import signer_of  # noqa: PLC0415  most people have no key
        from converge_cli.core.approval import signed_form  # noqa: PLC0415

        person = next((item for item in self.people if item.id == who), None)
        sign = None if person is None or person.public_key is None else signer_of(self.services.identities, who)
        if person is None or sign is None:
            return None
        now = self.services.clock.now()
        said = Approval(
            request.id, request.digest, decision, who, request.role or person.authority, reason, "interactive", now
        )
        return now, base64.b64encode(sign(signed_form(said))).decode()


def refusals_in(data: dict[str, Any]) -> list[Decided]:
    """The decisions that a server did not accept, as its answers tell them."""
    return [
        Decided(
            Approval(item["request"], "", item["decision"], item["by"], "", "", "interactive"),
            item["code"],
            item["detail"],
        )
        for item in data["refusals"]
    ]


def decisions_in(data: dict[str, Any]) -> list[Decided]:
    """Every decision, as a server's answer tells it."""
    given = msgspec.convert(data["decisions"], list[Approval])
    return [*(Decided(item, None) for item in given), *refusals_in(data)]
