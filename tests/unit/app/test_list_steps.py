"""The step language for people and editors comes from the table that the compiler uses."""

from pathlib import Path

from converge_cli.app.list_steps import list_steps
from converge_cli.bootstrap import make_services
from converge_cli.settings import Settings
from converge_cli.truth.step_catalogue import CATALOGUE

STEPS = """from converge_cli import step


@step("{who:text} may pay {sum:number}")
def may_pay(who, sum):
    return 'all invariants hold'
"""
PACK = """pack: v1
name: till
version: 0.1.0
description: Pays
suggestors: [Payer]
"""
SUGGESTORS = """from converge_cli import Effect, Suggestor


class Payer(Suggestor):
    name = "payer"
    writes = ("Signals:note:*",)

    def __init__(self, parameters):
        pass

    def execute(self, view):
        return Effect()
"""


def test_every_sentence_is_listed_with_what_fills_it(tmp_path: Path) -> None:
    """The catalogue's in its order, then those of packs; no internal name shows."""
    (tmp_path / "truths").mkdir()
    for name in ("till", "broken"):
        (tmp_path / "packs" / name).mkdir(parents=True)
        (tmp_path / "packs" / name / "pack.yaml").write_text(PACK.replace("till", name))
        (tmp_path / "packs" / name / "suggestors.py").write_text(SUGGESTORS)
    (tmp_path / "packs" / "till" / "steps.py").write_text(STEPS)
    (tmp_path / "packs" / "broken" / "steps.py").write_text("raise ValueError\n")
    rows = list_steps(make_services(tmp_path, settings=Settings("memory", tmp_path, None)))

    assert [step.template.shown for step in CATALOGUE] == [row["sentence"] for row in rows if row["pack"] is None]
    mine = [row for row in rows if row["pack"] == "till"]
    assert [
        {
            "keyword": None,
            "sentence": '"who" may pay X',
            "places": [{"written": '"who"', "is": "text in quotes"}, {"written": "X", "is": "a number"}],
            "below": None,
            "belongs": None,
            "pack": "till",
        }
    ] == mine
    assert set() == {word for row in rows for word in ("sel", "_key", "{") if word in row["sentence"]}


def test_a_place_is_told_once_and_phrases_are_told_in_full(tmp_path: Path) -> None:
    """An editor shows what may be written there."""
    rows = list_steps(make_services(tmp_path, settings=Settings("memory", tmp_path, None)))
    count = next(row for row in rows if row["sentence"].startswith("at least|at most"))

    assert [
        {"written": "at least|at most|exactly", "is": "at least or at most or exactly"},
        {"written": "N", "is": "a whole number"},
    ] == count["places"]
    assert "table" == next(row["below"] for row in rows if row["sentence"] == "it must include:")
