"""The steps of a pack are read with it, and refused with their line when no truth could ever say them."""

from collections.abc import Callable
from pathlib import Path

import pytest

from converge_cli.core.pack import InvalidPackError
from converge_cli.pack import step_reader
from converge_cli.pack.loader import load_pack

STEPS = """from converge_cli import step


@step("bed {name:text} has {litres:number} litres")
def litres_of(name, litres):
    return f'no fact under key "Strategies" with id "bed:{name}" where field "litres" is less than {litres} exists'
"""


@pytest.fixture
def garden(write_pack: Callable[..., Path]) -> Path:
    """The folder of the pack."""
    return write_pack()


@pytest.fixture
def one_file(write_file: Callable[..., Path]) -> Path:
    """The pack in one file."""
    return write_file()


def test_a_folder_and_a_file_bring_their_steps(garden: Path, one_file: Path) -> None:
    """steps.py of a folder; a one-file pack has them in its file. They are part of what the digest covers."""
    before = load_pack(garden).digest
    (garden / "steps.py").write_text(STEPS)
    one_file.write_text(one_file.read_text() + "\n\n" + STEPS)

    for pack in (load_pack(garden), load_pack(one_file)):
        assert ["bed {name:text} has {litres:number} litres"] == [item.sentence for item in pack.steps]
        assert pack.steps[0].stands_for(name="rose", litres=3).endswith("is less than 3 exists")
    assert before != load_pack(garden).digest
    pack = load_pack(garden)
    assert ("bed {name:text} has {litres:number} litres",) == pack.spec(pack.parse_parameters({})).steps


@pytest.mark.parametrize(
    ("sentence", "head", "message"),
    [
        ("a {size:huge} bed", "size", "no kind 'huge'"),
        ("a {size} bed", "size", "write {name:kind} for what is filled in"),
        ("a bed [of {name:text}]", "name", "there are no options"),
        ("{a:text} and {a:text}", "a", "{a:...} stands there twice"),
        ('the "bed" is {a:text}', "a", "commas and quotes belong to values"),
        ("{a:text} {b:number}", "a, b", "a sentence has words"),
        ("a bed of {a:text}", "b", "its function must take a by name"),
        ("a bed", "b", "its function must take nothing by name"),
    ],
)
def test_a_sentence_that_nobody_could_say_is_refused(garden: Path, sentence: str, head: str, message: str) -> None:
    """With the line of the step, before any truth is compiled."""
    (garden / "steps.py").write_text(
        f"from converge_cli import step\n\n\n@step({sentence!r})\ndef said({head}):\n    return ''\n"
    )
    with pytest.raises(InvalidPackError) as caught:
        load_pack(garden)
    assert message in caught.value.message
    assert (caught.value.where or "").endswith("steps.py:4")


def test_a_sentence_stands_there_once(garden: Path) -> None:
    """The second one would never be said."""
    (garden / "steps.py").write_text(STEPS + "\n\n" + STEPS.partition("\n\n\n")[2].replace("litres_of", "again"))
    with pytest.raises(InvalidPackError, match="it is there twice"):
        load_pack(garden)


def test_a_step_that_never_ends_is_ended(garden: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A validation never hangs on a pack."""
    monkeypatch.setattr(step_reader, "STEP_SECONDS", 0.2)
    (garden / "steps.py").write_text(
        'from converge_cli import step\n\n\n@step("it goes on")\ndef goes_on():\n    while True:\n        pass\n'
    )
    pack = load_pack(garden)
    with pytest.raises(InvalidPackError, match=r"'it goes on' was still working after 0\.2 seconds"):
        pack.steps[0].stands_for()


def test_a_broken_module_of_steps_is_a_broken_pack(garden: Path) -> None:
    """It is imported as the suggestors are."""
    (garden / "steps.py").write_text("import nothing_of_this_name\n")
    with pytest.raises(InvalidPackError, match="nothing_of_this_name"):
        load_pack(garden)
