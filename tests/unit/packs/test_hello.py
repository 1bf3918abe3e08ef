"""The smallest pack."""

from pack_bench import ROOT, Bench, load


def bench() -> Bench:
    """Greeter and echo on an empty context."""
    modules = load("bench_hello", ROOT / "packs" / "hello", "facts", "suggestors")
    facts, suggestors = modules["facts"], modules["suggestors"]
    kinds = [("greeting", facts.Greeting), ("echo", facts.Reply)]
    return Bench(kinds, [suggestors.Greeter(None), suggestors.Echo(None)])


def test_a_greeting_and_its_echo_are_all_there_is() -> None:
    """Greeting in the first cycle, echo in the second; the bench wakes nobody twice for nothing."""
    hello = bench()
    first = [fact.id for fact in hello.cycle()]
    hello.suggestors.pop(0)
    second = [fact.id for fact in hello.cycle()]
    third = [fact.id for fact in hello.cycle()]

    assert [first, second, third] == [["greeting:world"], ["echo:world"], []]


def test_a_late_greeting_is_answered_too() -> None:
    """Work is per greeting, not per run."""
    hello = bench()
    hello.cycle()
    hello.suggestors.pop(0)
    hello.cycle()
    seeded = hello.propose(hello.suggestors[0])
    from converge_cli import ProposedFact

    hello.promote("guest", ProposedFact("Signals", "greeting:moon", {"to": "moon", "text": "Good night."}))
    answers = hello.propose(hello.suggestors[0])

    assert (seeded, [a.id for a in answers], answers[0].evidence) == ((), ["echo:moon"], ("greeting:moon",))
