"""`truths show` and `packs show` on screens of any width, with whatever stands in the files."""

from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("columns", [60, 80, 120])
@pytest.mark.parametrize("words", ["truths show vendor-selection", "truths show spend-control", "packs show hello"])
def test_a_page_fits_the_screen_and_loses_nothing(words: str, columns: int, converge: Any) -> None:
    """Lines wrap; every id and every part of a place is still there."""
    page = converge(*words.split(), cwd=ROOT, env={"COLUMNS": str(columns)})
    data = converge(*words.split(), "--json", cwd=ROOT).data
    together = "".join(page.out.split())
    ids = [item["id"] for name in ("clauses", "checks", "approvals", "examples") for item in data.get(name, ())]
    titles = [item["title"] for item in data.get("examples", ())]
    examples = {item["id"] for item in data.get("examples", ())}

    assert columns >= max(len(line) for line in page.out.splitlines()[1:])
    assert [] == [name for name in ids if name not in together and name not in examples]
    assert [] == [title for title in titles if title.split()[0] not in page.out]


def test_a_plan_tells_how_entities_may_move_as_the_page_of_the_truth_does(converge: Any) -> None:
    """A move that nobody has met yet is no surprise in a run; a truth without any has no such section."""
    plan = converge("plan", "expense-approval", "--json", cwd=ROOT).data
    page = converge("truths", "show", "expense-approval", "--json", cwd=ROOT).data

    assert page["entity_states"] == plan["entity_states"]
    assert "rejected to reopened, once receipt is passed" in converge("plan", "expense-approval", cwd=ROOT).out
    assert "entity states" not in converge("plan", "hello-convergence", cwd=ROOT).out


def test_text_of_a_truth_injects_nothing(converge: Any, tmp_path: Path) -> None:
    """Escapes, markup and reordering marks in titles, texts and names of people."""
    converge("init", ".")
    truth, people = tmp_path / "truths" / "requests" / "truth.yaml", tmp_path / "truths" / "people.yaml"
    feature = tmp_path / "features" / "requests.feature"
    hostile = "[red]x[/x] \\u001b]0;owned\\u0007 \\u202eevil \\u001b[2J"
    truth.write_text(truth.read_text().replace("title: Every request is decided", f'title: "{hostile}"'))
    people.write_text(people.read_text().replace("name: Team lead", f'name: "{hostile}"'))
    feature.write_text(feature.read_text().replace("A second opinion on a request stops the run", "[bold]A[/] opinion"))
    shown = converge("truths", "show", "requests", env={"COLUMNS": "100"})

    assert 0 == shown.code, shown.err
    assert [] == [char for char in shown.out if not char.isprintable() and char != "\n"]
    assert "[red]x[/x]" in shown.out
    assert "[bold]A[/]" in shown.out
