"""Forgeries: nothing in a receipt can be changed unseen, and both verifiers judge alike."""

from collections.abc import Iterator
from typing import Any

import pytest
from forgeries import FORGERIES, first
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from receipt_kit import GENUINE, UNKNOWN, WRONG, both, forged, forged_freely, head_of, told_of, verdicts, with_statement

many = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@many
@given(place=st.integers(0, 10**9), bit=st.integers(0, 7), how=st.sampled_from(["key", "head", "neither"]))
def test_any_flipped_bit_of_the_file_is_caught(office, signed, place, bit, how):
    """With a key, with a head, and, since the file contradicts itself then, with neither."""
    data = bytearray(signed)
    data[place % len(data)] ^= 1 << bit
    brought = {"key": {"key": office.mona.public_key}, "head": {"head": head_of(signed)}, "neither": {}}[how]
    assert WRONG == both(bytes(data), **brought)


def lists_in(value: Any) -> Iterator[list[Any]]:
    """Every list with an element, at any depth."""
    if isinstance(value, dict):
        for item in value.values():
            yield from lists_in(item)
    elif isinstance(value, list):
        if value:
            yield value
        for item in value:
            yield from lists_in(item)


@many
@given(data=st.data())
def test_any_element_dropped_doubled_or_moved_is_caught(plain, data):
    """Of any list in the statement: events, hashes, facts, evidence, materials, clauses, decisions."""
    statement = told_of(plain)
    lists = list(lists_in(statement))
    chosen = lists[data.draw(st.integers(0, len(lists) - 1))]
    place = data.draw(st.integers(0, len(chosen) - 1))
    how = data.draw(st.sampled_from(["drop", "double", "move"]))
    before = list(chosen)
    item = chosen.pop(place)
    if how == "double":
        chosen[place:place] = [item, item]
    elif how == "move":
        chosen.insert(data.draw(st.integers(0, len(chosen))), item)
    expected = UNKNOWN if chosen == before else WRONG
    assert (expected, expected == UNKNOWN) == (
        both(with_statement(statement)),
        both(with_statement(statement), head=head_of(plain)) == GENUINE,
    )


def texts_in(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every text, number and truth value, at any depth."""
    if isinstance(value, dict | list):
        for name, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from texts_in(item, (*path, name))
    else:
        yield path


@many
@given(data=st.data())
def test_any_value_said_differently_is_caught(plain, data):
    """Whatever it is that somebody would rather have said."""
    statement = told_of(plain)
    paths = list(texts_in(statement))
    path = paths[data.draw(st.integers(0, len(paths) - 1))]
    inner = statement
    for name in path[:-1]:
        inner = inner[name]
    inner[path[-1]] = data.draw(
        st.sampled_from(["", "another", 7, None, True, []]).filter(
            lambda new: new != inner[path[-1]] or type(new) is not type(inner[path[-1]])
        )
    )
    assert (WRONG, WRONG) == (both(with_statement(statement)), both(with_statement(statement), head=head_of(plain)))


@pytest.mark.parametrize("change", FORGERIES, ids=lambda change: change.__name__)
def test_events_that_contradict_each_other_are_caught_though_every_hash_fits(plain, change):
    """Whoever makes a receipt of a run that could not have been so is found out without a key and without a head."""
    data = forged(plain, change)
    assert (WRONG, WRONG) == (both(data), both(data, head=head_of(data)))
    assert ["event " in said for said in verdicts(data)] == [True, True]


VALUES = st.sampled_from(
    ["", "another", "аcme", 7, -1, 0, None, True, [], {}, [1], {"a": 1}, 1.5, 1e22, 2**70, "a\x00b", "\u2028"]
)


def change_anything(data: st.DataObject, events: list[Any]) -> None:
    """One member of one event, at any depth, is set, taken away or added; each type of event is as likely."""

    def drawn(items: list[Any]) -> Any:
        return items[data.draw(st.integers(0, len(items) - 1))]

    kind = drawn(sorted({event["type"] for event in events}))
    event = drawn([event for event in events if event["type"] == kind])
    path = drawn([path for path in paths_in(event) if path != ("type",)])
    inner = event
    for name in path[:-1]:
        inner = inner[name]
    how = data.draw(st.sampled_from(["set", "drop", "add"]))
    if how == "set":
        inner[path[-1]] = data.draw(VALUES)
    elif how == "drop":
        del inner[path[-1]]
    elif isinstance(inner, dict):
        inner["added"] = data.draw(VALUES)
    else:
        inner.append(data.draw(VALUES))


def paths_in(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of everything inside a value."""
    for name, item in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield (*path, name)
        yield from paths_in(item, (*path, name))


@settings(many, max_examples=100)
@given(data=st.data())
def test_both_verifiers_judge_alike_whatever_a_forger_makes_of_the_events(plain, data):
    """Every hash and section is right; but `verify` also wants that each event has the form of its type."""
    try:
        forgery = forged_freely(plain, lambda events: change_anything(data, events))
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, StopIteration):
        return  # nothing can be built on such events
    ours, theirs = verdicts(forgery)
    if "its statement can't be read: ValidationError" not in ours:
        assert ours.split(":")[0] == theirs.split(":")[0], (ours, theirs)


def test_a_history_cut_short_needs_a_key_or_a_head_to_be_told(plain):
    """An earlier pause is a history of its own: only who brings the head knows that more came after it."""

    def cut(events: list[Any], contents: list[bytes], _bytes_of: Any) -> None:
        place = events.index(first(events, "RunPaused"))
        del events[place + 1 :]
        del contents[sum(event["type"] == "FactPromoted" for event in events) :]

    data = forged(plain, cut)
    assert (UNKNOWN, WRONG) == (both(data), both(data, head=head_of(plain)))
