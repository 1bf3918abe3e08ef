"""What suggestors were charged for attempts that are made again: what was paid for once is not charged twice.

Attempts share charges as they share the answers of their calls, until an execution counts as done. Must never let a
suggestor off whose attempt left nothing behind: whoever calls out without `view.call` is charged each time.
"""

from decimal import Decimal

import msgspec


class _Account(msgspec.Struct):
    """Charged since the last execution that counts as done, and asked for by the attempt at hand."""

    tokens: int = 0
    cost_usd: Decimal = Decimal(0)
    asked_tokens: int = 0
    asked_cost_usd: Decimal = Decimal(0)
    again: bool = False


class Charges:
    """The charges of one run, by suggestor."""

    def __init__(self) -> None:
        self._accounts: dict[str, _Account] = {}

    @property
    def made(self) -> bool:
        """Whether anything was charged for executions that do not count as done."""
        return bool(self._accounts)

    def begin(self) -> None:
        """New attempts begin."""
        for account in self._accounts.values():
            account.asked_tokens, account.asked_cost_usd = 0, Decimal(0)

    def due(self, suggestor: str, tokens: int, cost_usd: Decimal, *, kept: bool) -> tuple[int, Decimal]:
        """What of a charge has not been charged for an earlier attempt.

        Args:
            suggestor: who calls a model.
            tokens: of the call.
            cost_usd: of the call.
            kept: whether answers of earlier attempts are there, so that this one does not pay for them.
        """
        account = self._accounts.get(suggestor)
        if account is None or not (kept or account.again):
            return tokens, cost_usd
        asked = account.asked_tokens + tokens, account.asked_cost_usd + cost_usd
        return (
            min(tokens, max(asked[0] - account.tokens, 0)),
            min(cost_usd, max(asked[1] - account.cost_usd, Decimal(0))),
        )

    def ask(self, suggestor: str, tokens: int, cost_usd: Decimal) -> None:
        """The attempt at hand may make a call: its charge was no more than what is left."""
        account = self._accounts.setdefault(suggestor, _Account())
        account.asked_tokens += tokens
        account.asked_cost_usd += cost_usd

    def pay(self, suggestor: str, tokens: int, cost_usd: Decimal) -> None:
        """So much was charged."""
        account = self._accounts.setdefault(suggestor, _Account())
        account.tokens += tokens
        account.cost_usd += cost_usd

    def settle(self, suggestor: str, *, again: bool = False) -> None:
        """An execution has ended; `again`: the next one makes its calls again, or has their answers."""
        account = self._accounts.get(suggestor)
        if account is None:
            return
        if again:
            account.again = True
        else:
            del self._accounts[suggestor]
