"""What displays say of a criterion that waits: whom it waits for, and for which facts when there are several."""

from datetime import UTC

import pytest

from converge_cli.core.criterion import CriterionResult, Missing
from converge_cli.trace.wording import criterion_text

EARLY, LATE = "2026-03-02T08:00:00.000000Z", "2026-03-05T08:00:00.000000Z"


def asked(point: str, fact: str, until: str | None = None, who: str = "chief") -> Missing:
    """A pending request."""
    return Missing("done", "approval", point, who, until=until, request=f"r.{point}.{fact}", fact=fact)


@pytest.mark.parametrize(
    ("missing", "expected"),
    [
        ((asked("boss", "deal:a", EARLY),), "boss: chief decides, until 2026-03-02 08:00"),
        (
            (asked("boss", "deal:a", EARLY), asked("law", "deal:a", who="counsel")),
            "boss: chief decides, until 2026-03-02 08:00; law: counsel decides",
        ),
        (
            (asked("boss", "deal:a", LATE), asked("law", "deal:a", who="counsel"), asked("boss", "deal:b", EARLY)),
            "boss: chief decides on deal:a, deal:b, the first until 2026-03-02 08:00; law: counsel decides on deal:a",
        ),
        (
            (asked("boss", "deal:a", EARLY), asked("boss", "deal:b", EARLY)),
            "boss: chief decides on deal:a, deal:b, until 2026-03-02 08:00",
        ),
        (
            (asked("boss", "deal:a"), Missing("done", "input", "prices", "whoever runs this")),
            "boss: chief decides; input prices: whoever runs this gives it",
        ),
    ],
)
def test_a_criterion_that_waits_says_for_whom_and_for_what(missing: tuple[Missing, ...], expected: str) -> None:
    """One fact needs no name; several are told apart, those at one point together."""
    assert expected == criterion_text(CriterionResult("done", "blocked", missing=missing), UTC)
