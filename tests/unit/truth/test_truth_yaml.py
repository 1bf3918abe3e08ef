"""YAML as it is read here: exact, positioned, and impossible to crash."""

import time
from decimal import Decimal
from typing import NamedTuple

import pytest

from converge_cli.truth.diagnostics import Diagnostic
from converge_cli.truth.findings import Findings
from converge_cli.truth.source import MAX_TEXT, Source, UnreadableSourceError, decode
from converge_cli.truth.yaml_source import Node, plain, read_yaml


class _Parsed(NamedTuple):
    root: Node | None
    diagnostics: tuple[Diagnostic, ...]


def _parse(text: str | bytes) -> _Parsed:
    findings = Findings()
    root = read_yaml(Source("x.yaml", text if isinstance(text, bytes) else text.encode()), findings)
    return _Parsed(root, findings.sorted())


def _names(text: str | bytes) -> list[str]:
    return [item.name for item in _parse(text).diagnostics]


def test_numbers_are_exact_and_words_stay_words() -> None:
    """No yes, no date, no sexagesimal and no binary float comes out."""
    text = "[1, -2, 1.50, .5, 1e3, 007, 1:30, 2030-01-01, yes, on, 'true', \"1\", true, null, ~, 0x10]"
    expected = [
        *(1, -2, Decimal("1.50"), Decimal("0.5"), Decimal("1E+3")),
        *("007", "1:30", "2030-01-01", "yes", "on", "true", "1", True, None, None, "0x10"),
    ]
    assert expected == plain(_parse(text).root)


def test_a_path_leads_to_the_place_of_a_value() -> None:
    """Line and column are 1-based, of the value's first character; keys have their own."""
    root = _parse("a:\n  - b: [x, 'y z']\n").root
    node = root.at("a", 0, "b", 1)
    assert (2, 12) == (node.line, node.column)
    assert (2, 5) == (root.at("a", 0).keys["b"].line, root.at("a", 0).keys["b"].column)


def test_a_byte_order_mark_and_windows_line_ends_change_nothing() -> None:
    """Files from any editor read the same."""
    assert {"a": 1, "b": "å"} == plain(_parse("\ufeffa: 1\r\nb: å\r\n").root)


@pytest.mark.parametrize("text", ["[" * 100_000, "{a: " * 100_000, "- " * 100_000, "? " * 100_000])
def test_deep_nesting_is_refused_at_once(text: str) -> None:
    """Reading stops at the cap instead of exhausting the stack."""
    began = time.perf_counter()
    assert {"too-deep", "yaml-refused"} & set(_names(text))
    assert time.perf_counter() - began < 1


def test_a_bomb_of_aliases_is_refused() -> None:
    """The first anchor ends the reading, so nothing is ever multiplied."""
    assert ["yaml-refused"] == _names("a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("a: 1\na: 2\n", "duplicate-key"),
        ("a: !!python/object:os.system x\n", "yaml-refused"),
        ("a: 1\n---\nb: 1\n", "yaml-refused"),
        ("[a]: 1\n", "yaml-refused"),
        ("a: [\n", "yaml-syntax"),
        ("a: \x07\n", "yaml-syntax"),
        ("", "empty-file"),
        (b"a: \xff\n", "not-utf8"),
        (b"a: \0\n", "binary"),
        ("1" * 5000, "invalid-value"),
    ],
)
def test_what_is_not_plain_yaml_is_one_finding(text: str | bytes, name: str) -> None:
    """Each has its own name, and none raises."""
    assert [name] == _names(text)


def test_a_duplicate_key_names_both_lines_and_keeps_the_first() -> None:
    """The finding stands at the second and tells where the first is."""
    parsed = _parse("a: 1\nb: 2\na: {c: 3}\n")
    assert {"a": 1, "b": 2} == plain(parsed.root)
    assert (3, "key 'a' is given twice, first on line 1") == (parsed.diagnostics[0].line, parsed.diagnostics[0].message)


def test_a_text_of_very_many_values_is_refused_before_it_is_read_to_its_end() -> None:
    """Nobody writes so many by hand; an input, which a program may have written, can have ten times as many."""
    data = b"[" + b"1," * 60_000 + b"1]"
    assert ["too-deep"] == _names(data)
    findings = Findings()
    assert read_yaml(Source("rows.yaml", data), findings, len(data)) is not None
    assert () == findings.sorted()


def test_too_large_a_file_is_refused_with_its_size() -> None:
    """The cap is told, so that people know what to do."""
    with pytest.raises(UnreadableSourceError, match=f"{MAX_TEXT + 1} bytes; at most {MAX_TEXT}"):
        decode(Source("x.yaml", b"x" * (MAX_TEXT + 1)))


def test_a_byte_that_is_no_utf8_is_placed_by_characters() -> None:
    """Line and column count characters, the message the byte."""
    with pytest.raises(UnreadableSourceError, match=r"byte 5 \(0xff\)") as caught:
        decode(Source("x", "é\nå".encode() + b"\xff"))
    assert ("x:2:2", 2, 2) == (caught.value.where, caught.value.line, caught.value.column)
