"""What one caller may take of a server, while very many call."""

from contextlib import suppress

import pytest

from converge_cli.server.limits import MOST_CALLERS, Limits, Share, TooManyRequestsError
from converge_cli.testing.manual_clock import ManualClock


def refusals(limits: Limits, address: str) -> bool:
    """Whether an address is slowed down."""
    try:
        limits.count_refused(address)
    except TooManyRequestsError:
        return True
    return False


@pytest.mark.parametrize("apart", [0.0, 0.00001], ids=["at once", "one after another"])
def test_who_takes_too_much_is_not_freed_by_many_who_take_a_little(apart: float) -> None:
    """Whoever guesses from one address is slowed down all the same when three times as many others call as are kept."""
    clock = ManualClock()
    limits = Limits(Share(rate=1.0, burst=50), clock.monotonic)
    for _ in range(50):
        limits.count("mona")
    while not refusals(limits, "guesser"):
        pass
    for number in range(3 * MOST_CALLERS):
        limits.count_refused(f"address-{number}")
        clock.advance(apart)
    with pytest.raises(TooManyRequestsError):
        limits.count("mona")
    assert len(limits._buckets) <= MOST_CALLERS


def test_who_asks_a_little_too_often_gets_what_it_may_take() -> None:
    """What is refused costs nothing: of three requests in two seconds every other one is answered."""
    clock = ManualClock()
    limits = Limits(Share(rate=1.0, burst=1), clock.monotonic)
    answered = 0
    for _ in range(30):
        with suppress(TooManyRequestsError):
            limits.count("mona")
            answered += 1
        clock.advance(2 / 3)
    assert 15 == answered


def test_who_has_rested_is_let_go_of_first() -> None:
    """Nothing is lost with it: a bucket that is full is as good as none."""
    clock = ManualClock()
    limits = Limits(Share(refused=1.0), clock.monotonic)
    for number in range(MOST_CALLERS - 1):
        limits.count_refused(f"address-{number}")
    clock.advance(2.0)
    while not refusals(limits, "guesser"):
        pass
    limits.count_refused("one more")
    assert refusals(limits, "guesser")
    assert 2 == len(limits._buckets)
