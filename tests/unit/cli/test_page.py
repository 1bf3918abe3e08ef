"""Pages of text on narrow screens: ids, names and places stay whole, words wrap at blanks."""

import io
from collections.abc import Callable

from rich.console import Console

from converge_cli.cli.page import Page

RUNS = (
    ("k4z82ydqf", "clinic-location", "HumanInterventionRequired", "9", "2026-11-22 06:17"),
    ("rpkhnffry", "clinic-location", "CriteriaMet", "10", "2026-11-22 06:18"),
)
HEADER = ("  run", "truth", "came to", "facts", "last change")
CHECKS = (
    ("required_approval", "acceptance", "nothing that it approves is promoted without it", "clinic-location.feature:9"),
)


def printed(width: int, draw: Callable[[Page], None]) -> list[str]:
    """The lines of a page on a screen of this width."""
    stream = io.StringIO()
    draw(Page(Console(file=stream, width=width, markup=False, highlight=False)))
    return [line.rstrip() for line in stream.getvalue().splitlines()]


def test_rows_that_fit_are_a_table() -> None:
    """A line each under the header."""
    lines = printed(100, lambda page: page.rows(RUNS, header=HEADER))

    assert [
        "  run        truth            came to                    facts  last change",
        "  k4z82ydqf  clinic-location  HumanInterventionRequired  9      2026-11-22 06:17",
        "  rpkhnffry  clinic-location  CriteriaMet                10     2026-11-22 06:18",
    ] == lines


def test_rows_that_would_break_a_name_are_stacked() -> None:
    """What does not fit beside stands below, with the name of its column; no name is broken."""
    lines = printed(60, lambda page: page.rows(RUNS, header=HEADER))

    assert [
        "  run        truth            came to",
        "  k4z82ydqf  clinic-location  HumanInterventionRequired",
        "    facts: 9 · last change: 2026-11-22 06:17",
        "  rpkhnffry  clinic-location  CriteriaMet",
        "    facts: 10 · last change: 2026-11-22 06:18",
    ] == lines


def test_stacked_words_wrap_at_blanks_under_their_beginning() -> None:
    """A place keeps its file and line together."""
    lines = printed(60, lambda page: page.rows(CHECKS))

    assert [
        "  required_approval  acceptance",
        "    nothing that it approves is promoted without it ·",
        "    clinic-location.feature:9",
    ] == lines


def test_words_have_room_before_rows_are_stacked() -> None:
    """A column of sentences wraps beside the others while a few words fit on a line."""
    lines = printed(85, lambda page: page.rows(CHECKS))

    assert [
        "  required_approval  acceptance  nothing that it approves   clinic-location.feature:9",
        "                                 is promoted without it",
    ] == lines


def test_a_digest_that_does_not_fit_beside_its_label_stands_below_it() -> None:
    """It can be copied whole."""
    digest = "591c47fa01af202b740f9790ccf188ec948966ce5cf31db5856de0145bd0c109"
    lines = printed(80, lambda page: page.pairs([("pack clinic_location", "0.1.0"), ("head", digest)]))

    assert ["  pack clinic_location  0.1.0", "  head", f"    {digest}"] == lines
