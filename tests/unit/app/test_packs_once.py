"""Packs that several truths use are loaded once for a command."""

from collections.abc import Sequence

import pytest

from converge_cli.app.packs_once import PacksOnce
from converge_cli.core.pack import InvalidPackError, Pack


class Counting:
    """A source that counts how often it is asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def find(self, name: str) -> Pack | None:
        self.asked.append(name)
        if name == "broken":
            raise InvalidPackError("pack broken does not load")
        return Pack("there", kinds={}, factories=[]) if name == "there" else None

    def names(self) -> Sequence[str]:
        self.asked.append("names")
        return ["broken", "there"]


def test_each_pack_is_looked_for_once_and_stays_what_it_was() -> None:
    """Found or not, the answer is the same one."""
    source = Counting()
    packs = PacksOnce(source)
    assert packs.find("there") is packs.find("there")
    assert [None, None] == [packs.find("absent"), packs.find("absent")]
    assert [["broken", "there"]] * 2 == [packs.names(), packs.names()]
    assert ["there", "absent", "names"] == source.asked


def test_a_broken_pack_is_broken_for_every_truth() -> None:
    """The second one is told the same, without another try."""
    source = Counting()
    packs = PacksOnce(source)
    for _ in range(2):
        with pytest.raises(InvalidPackError, match="does not load"):
            packs.find("broken")
    assert ["broken"] == source.asked
