"""Python's cyclic collector as a process needs it that stays: one that ends in a moment has put it off.

It is the whole process's, so must never be called but by what runs as one.
"""

import gc

_YOUNG = 10_000
"""New objects after which it looks; Python's 700 would have it interrupt a large run again and again."""


def collect_often() -> None:
    """Have what requests and jobs leave in cycles freed before it piles up; what is here by now is not looked at."""
    gc.freeze()
    gc.set_threshold(_YOUNG, 10, 10)
    gc.collect()  # of next to nothing: how much there was before would have it wait for a quarter more
