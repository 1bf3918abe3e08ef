"""The faulty store does what each kind of fault says, and nothing else."""

import time

import pytest

from converge_cli.core.errors import ConvergeError
from converge_cli.store.memory import MemoryExperience
from converge_cli.testing import FaultyExperience, PortFault
from converge_cli.testing.experience_conformance import commit_after, sample_events


def append_two(fault: PortFault) -> tuple[MemoryExperience, list[str]]:
    """A store after two commits through a faulty one, and what was told of each: `done` or a code."""
    store, told = MemoryExperience(), []
    faulty = FaultyExperience(store, fault)
    row = None
    for number in (1, 2):
        commit = commit_after(row, "run1", sample_events(number, 1))
        try:
            faulty.append(commit)
            told.append("done")
        except ConvergeError as error:
            told.append(error.code)
        else:
            row = commit.row
    return store, told


def test_a_write_that_never_arrives_leaves_nothing() -> None:
    """The second commit is told to have failed, and only the first is there."""
    store, told = append_two(PortFault(2, "before"))
    assert (["done", "STORE_UNAVAILABLE"], 1) == (told, store.row("run1").seq)


def test_a_write_whose_answer_is_lost_is_there() -> None:
    """The second commit is told to have failed, and both are there."""
    store, told = append_two(PortFault(2, "lost"))
    assert (["done", "STORE_UNAVAILABLE"], 2) == (told, store.row("run1").seq)


def test_a_write_that_arrives_twice_is_there_once() -> None:
    """The second time it is the same, byte for byte, and changes nothing."""
    store, told = append_two(PortFault(2, "twice"))
    assert (["done", "done"], 2) == (told, store.row("run1").seq)
    assert b"one" == store.get_blob(FaultyExperience(store, PortFault(1, "twice")).put_blob(b"one"))


def test_a_late_write_is_there_and_told_late() -> None:
    """Both are there; it took the time twice."""
    began = time.monotonic()
    store, told = append_two(PortFault(2, "late", 0.02))
    assert (["done", "done"], 2, True) == (told, store.row("run1").seq, time.monotonic() - began >= 0.04)


@pytest.mark.parametrize("at", [0, 3])
def test_no_other_write_is_touched(at: int) -> None:
    """Never, or later than anything that is written."""
    store, told = append_two(PortFault(at, "before"))
    assert (["done", "done"], 2) == (told, store.row("run1").seq)
