"""Who runs when: reads wake, writes do not, and a chain of N costs N calls."""

from typing import Any

import pytest
from engine_kit import Note, Script, note, revises, run, says

from converge_cli import ContextView, ProposedFact

GO = note("Seeds", "note:go")


@pytest.mark.parametrize("length", [10, 200])
def test_a_chain_of_n_costs_n_calls_each_way(length: int) -> None:
    """Each link is asked once and runs once, whatever the length; counted, not timed."""

    def link(number: int) -> Script:
        return Script(
            f"s{number}",
            lambda _view: [note("Signals", f"note:{number + 1}")],
            reads=(f"Signals:note:{number}",),
            writes=(f"Signals:note:{number + 1}",),
        )

    links = [link(number) for number in range(length)]
    from engine_kit import job

    from converge_cli import Budget

    result = run(*reversed(links), seeds=[note("Signals", "note:0")], the_job=job(budget=Budget(cycles=length)))

    assert (length + 1, length + 1) == (len(result.facts), result.cycles)
    assert [(1, 1)] * length == [(item.asked, item.calls) for item in links]


def test_a_suggestor_with_reads_and_nothing_that_matches_never_runs() -> None:
    """It is not even asked."""
    idle = says("idle", note("Signals", "note:x"), reads=("Hypotheses", "Signals:note:y*"))
    result = run(idle, says("other", note("Signals", "note:x2")), seeds=[GO])

    assert ((0, 0), "Converged") == ((idle.asked, idle.calls), result.reason)


def test_a_suggestor_without_reads_is_due_once_in_the_first_cycle() -> None:
    """Whatever happens later."""
    once = says("once", note("Signals", "note:a"))
    run(once, revises("busy", "Evaluations", "note:n", "abcc"), seeds=[GO])

    assert (1, 1) == (once.asked, once.calls)


def test_what_it_writes_does_not_wake_it_but_what_it_reads_does() -> None:
    """Even when both are one key; it sees both."""
    seen: list[list[str]] = []

    def look(view: ContextView) -> list[ProposedFact]:
        seen.append([fact.id for fact in view.facts("Signals:note:mine*")])
        return [note("Signals", f"note:mine{len(seen)}")]

    watcher = Script("watcher", look, reads=("Seeds", "Signals:note:theirs*"), writes=("Signals:note:mine*",))
    other = says("other", note("Signals", "note:theirs1"), note("Signals", "note:mineless"), reads=("Seeds",))
    run(watcher, other, seeds=[GO])

    assert [[], ["note:mine1", "note:mineless"]] == seen


def test_reading_what_it_writes_wakes_it_until_it_says_nothing_new() -> None:
    """A selector in reads and in writes is a read."""
    worker = revises("worker", "Signals", "note:n", "abcc")
    result = run(worker, seeds=[GO])

    assert (4, "Converged") == (worker.calls, result.reason)


def test_who_declines_is_asked_again_only_when_its_view_changes() -> None:
    """Facts that it can't see do not ask it again; what it writes is part of its view."""
    asked_at: list[int] = []

    def accepts(view: ContextView) -> bool:
        asked_at.append(len(view.facts("Signals:note:mine*")))
        return False

    shy = Script("shy", lambda _v: [], reads=("Seeds",), writes=("Signals:note:mine*",), accepts=accepts)
    busy = revises("busy", "Evaluations", "note:n", "abcdd")
    late = says("late", note("Signals", "note:mine"), reads=("Evaluations:note:n",))
    run(shy, busy, late, seeds=[GO])

    assert ([0, 1], 0) == (asked_at, shy.calls)


def test_a_correction_of_what_it_read_wakes_it() -> None:
    """And it sees what stands, not what was corrected."""
    seen: list[str] = []

    def look(view: ContextView) -> list[ProposedFact]:
        seen.extend(fact.payload.text for fact in view.facts("Signals"))
        return []

    run(Script("watcher", look, reads=("Signals",)), revises("other", "Signals", "note:n", "abb"), seeds=[GO])

    assert ["a", "b"] == seen


def test_effects_of_one_cycle_never_see_each_other() -> None:
    """Whatever the order of registration."""
    seen: dict[str, list[int]] = {"a": [], "b": []}

    def looks(name: str) -> Script:
        def do(view: ContextView) -> list[ProposedFact]:
            seen[name].append(len(view.facts("Signals")))
            return [note("Signals", f"note:{name}")]

        return Script(name, do)

    run(looks("a"), looks("b"))

    assert {"a": [0], "b": [0]} == seen


def test_a_view_shows_what_reads_and_writes_select_and_nothing_else() -> None:
    """Any other selector is an error of the suggestor; narrower ones are fine."""
    from converge_cli.core.errors import UndeclaredReadError

    seen: list[Any] = []

    def look(view: ContextView) -> list[ProposedFact]:
        seen.append([f.id for f in view.facts("Seeds:note:go")])
        seen.append(view.get("Strategies", "note:plan"))
        for call in (
            lambda: view.facts("Evaluations"),
            lambda: view.facts("Seeds"),
            lambda: view.get("Seeds", "text:x"),
            lambda: view.revise("Evaluations", "note:x", Note(text="x")),
        ):
            with pytest.raises(UndeclaredReadError):
                call()
        return []

    looker = Script("looker", look, reads=("Seeds:note:*",), writes=("Strategies",))
    result = run(looker, seeds=[GO])

    assert ([["note:go"], None], {}) == (seen, result.failures)


def test_missing_lists_the_entities_that_have_no_output_yet() -> None:
    """What a suggestor that works row by row asks."""
    asked: list[list[str]] = []

    def look(view: ContextView) -> list[ProposedFact]:
        todo = view.missing(each="Seeds:note:*", output="Evaluations:note:score:{name}")
        asked.append([fact.name for fact in todo])
        return [note("Evaluations", f"note:score:{fact.name}", evidence=(fact.id,)) for fact in todo[:1]]

    looker = Script("looker", look, reads=("Seeds:note:*", "Evaluations:note:*"), writes=("Evaluations:note:*",))
    run(looker, seeds=[note("Seeds", "note:a"), note("Seeds", "note:b")])

    assert [["a", "b"], ["b"], []] == asked
