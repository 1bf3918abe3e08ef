"""What the facts of %%pack hold: one frozen model per kind."""

from converge_cli import FactModel, Parameters


class Request(FactModel, frozen=True):
    """Somebody waits for something; kind `request`, a row of requests.csv."""

    id: str
    subject: str
    days_waiting: int

    def __post_init__(self) -> None:
        if self.days_waiting < 0:
            raise ValueError(f"days_waiting is 0 or more, not {self.days_waiting}")


class Decision(FactModel, frozen=True):
    """Whether a request is urgent, and why; kind `decision`. `request` is the id in the row."""

    request: str
    urgent: bool
    reason: str


class TriageParameters(Parameters, frozen=True):
    """What a truth may set.

    Attributes:
        urgent_after: days of waiting after which a request is urgent.
    """

    urgent_after: int = 7
