"""Private fields: what a fact holds and nobody keeps, whichever way it comes in."""

import asyncio
from typing import Any, ClassVar

import pytest

from converge_cli import Columns, Effect, Engine, FactModel, FrozenMap, ProposedFact, Suggestor
from converge_cli.core.errors import MalformedKindError
from converge_cli.core.job import InputSpec
from converge_cli.core.kind import Kind
from converge_cli.core.kind_description import describe_model, has_private, model_of
from converge_cli.store.memory import MemoryExperience
from converge_cli.truth.inputs import InputError, read_input
from converge_cli.truth.source import Source

HIDE = "zx-8101019876"


class Part(FactModel, frozen=True):
    """A clause: its text is private when it is marked."""

    __private__: ClassVar = {"text": "marked"}
    text: str
    marked: bool = False


class Paper(FactModel, frozen=True):
    """Something with private parts, at three depths."""

    __private__: ClassVar = {"mail": True}
    id: str
    mail: str | None = None
    parts: tuple[Part, ...] = ()
    by_name: FrozenMap[str, Part] = FrozenMap()


class Note(FactModel, frozen=True):
    """Nothing private."""

    text: str


KIND = Kind("paper", Paper)
GIVEN = {
    "id": "p1",
    "mail": HIDE,
    "parts": [{"text": HIDE, "marked": True}, {"text": "plain"}],
    "by_name": {"a": {"text": HIDE, "marked": True}},
}


class Writer(Suggestor):
    """Proposes what it is told to."""

    name = "writer"
    writes = ("Signals:paper:*",)

    def __init__(self, payload: Any) -> None:
        self.payload = payload

    def execute(self, view: Any) -> Effect:
        """Propose it, or what it should say now."""
        return Effect([view.revise("Signals", "paper:p1", self.payload)])


class Awaited(Writer):
    """The same, asynchronously."""

    async def execute(self, view: Any) -> Effect:
        """Propose it."""
        return Effect([view.propose("Signals", "paper:p1", self.payload)])


def recorded(suggestors, **given):
    """The result of a run, and every byte that its store was given."""
    store = MemoryExperience()
    engine = Engine(suggestors, kinds={"paper": Paper, "note": Note}, experience=store)
    result = asyncio.run(engine.run(**given))
    kept = b"".join(store.read(result.run_id))
    return result, kept


def test_a_private_text_is_hidden_at_every_depth_and_the_rest_stays():
    """In models, in tuples of them and in maps; what is not marked is kept."""
    parsed, content = KIND.parse(GIVEN)
    assert "[redacted]" == parsed.mail
    assert ["[redacted]", "plain"] == [part.text for part in parsed.parts]
    assert "[redacted]" == parsed.by_name["a"].text
    assert HIDE.encode() not in content


class Row(FactModel, frozen=True):
    """A row of a table that may have more columns, of which nothing but the names is kept."""

    __private__: ClassVar = {"columns": True}
    id: str
    columns: Columns = Columns()


def test_of_private_columns_the_names_alone_are_kept():
    """Whoever brings a wide table need not know which of its columns tell too much; empty cells stay empty."""
    spec = InputSpec("rows", "row", "row:{id}", "rows", None, True)
    file = Source("rows.csv", f"id,born,phone\nr1,{HIDE},\n".encode())
    (seed,) = read_input(spec, file, Kind("row", Row))
    assert {"born": "[redacted]", "phone": ""} == dict(seed.payload.columns)
    assert "map of str to str?, private" == Kind("row", Row).field_words()["columns"]


def test_an_absent_private_text_stays_absent():
    """Nothing is made up: None stays None, and what is hidden already stays as it is."""
    assert None is KIND.parse({"id": "p1"})[0].mail
    once = KIND.parse(GIVEN)
    assert once == KIND.parse(once[0])


@pytest.mark.parametrize("made", [Writer, Awaited])
@pytest.mark.parametrize("payload", [GIVEN, Paper(id="p1", mail=HIDE, parts=(Part(text=HIDE, marked=True),))])
def test_no_event_holds_what_a_suggestor_says_in_a_private_field(made, payload):
    """Neither as it was proposed nor as it was promoted."""
    result, kept = recorded([made(payload)])
    assert "[redacted]" == result.facts[0].payload.mail
    assert (True, False) == (b"[redacted]" in kept, HIDE.encode() in kept)


def test_no_event_holds_what_a_seed_says_in_a_private_field():
    """Inputs and --seed go the same way."""
    seed = ProposedFact("Seeds", "paper:p1", GIVEN)
    result, kept = recorded([], seeds=[seed])
    assert "[redacted]" == result.facts[0].payload.mail
    assert HIDE.encode() not in kept


def test_saying_the_same_again_is_no_correction():
    """Compared is what is kept, so a suggestor that revises comes to rest."""
    result, _ = recorded([Writer(GIVEN)], seeds=[ProposedFact("Signals", "paper:p1", GIVEN)])
    assert ["paper:p1"] == [fact.id for fact in result.facts]


def test_nothing_is_kept_of_a_payload_that_does_not_fit_a_kind_with_private_fields():
    """Nobody knows what in it is private, so it is rejected without a word of it."""
    result, kept = recorded([Writer({**GIVEN, "mial": HIDE})])
    assert ["PAYLOAD_INVALID"] == [item.code for item in result.rejections]
    assert HIDE.encode() not in kept


def test_kinds_without_private_fields_are_kept_whole():
    """Hiding is for what was declared."""
    result, kept = recorded([], seeds=[ProposedFact("Seeds", "note:n1", {"text": HIDE})])
    assert (HIDE, True) == (result.facts[0].payload.text, HIDE.encode() in kept)


def test_a_recorded_kind_says_that_it_has_private_fields():
    """So whoever has the record alone knows it; the model made of it reads what was kept."""
    described = describe_model(Paper)
    assert (True, False) == (has_private(described), has_private(describe_model(Note)))
    kept = KIND.parse(GIVEN)[1]
    assert kept == Kind("paper", model_of(described)).parse_content(kept)[1]


def test_the_fields_in_words_say_what_is_private():
    """`converge packs show` prints them."""
    assert "str or none?, private" == KIND.field_words()["mail"]
    assert "str, private if marked" == KIND.inner_words()["Part"]["text"]


def test_a_private_cell_that_does_not_fit_is_not_printed():
    """Whoever reads the message may not be who may read the file."""
    spec = InputSpec("parts", "part", "part:one", "record", None, True)
    with pytest.raises(InputError) as caught:
        read_input(spec, Source("parts.yaml", b"text: 810101.9876\n"), Kind("part", Part))
    assert (True, False) == ("the cell is a number" in str(caught.value), "810101.9876" in str(caught.value))


def malformed(private, **fields):
    """A model with these private fields."""
    return type("Odd", (FactModel,), {"__annotations__": fields, "__private__": private}, frozen=True)


@pytest.mark.parametrize(
    ("private", "said"),
    [
        ({"mial": True}, "has no field 'mial'"),
        ({"size": True}, "no plain text"),
        ({"mail": "size"}, "private when 'size'"),
        ({"mail": False}, "private when False"),
        ({"mail": "nowhere"}, "private when 'nowhere'"),
        (["mail"], "is no mapping"),
    ],
)
def test_private_fields_that_could_not_be_hidden_are_refused_at_load(private, said):
    """A promise that can't be kept is none."""
    with pytest.raises(MalformedKindError) as caught:
        Kind("odd", malformed(private, mail=str, size=int))
    assert said in str(caught.value)
