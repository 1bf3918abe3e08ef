"""Lines that Gherkin takes for description although somebody meant them as a step, a heading or a table.

Errs on the side of prose: a line is reported only when it begins like a keyword, or reads like a step.
"""

from collections.abc import Sequence
from typing import NamedTuple

from converge_cli.truth.keyword_guess import Guess, Words, guess_heading, guess_step
from converge_cli.truth.step_parser import reads_like_a_step

_MAX_LINE = 300
_ENDS = (".", ",", ";", "!", "?", "\u2026")
_REAL_WORDS = frozenset(
    {"a", "add", "ad", "an", "any", "ant", "as", "band", "bit", "bud", "bus", "but", "buy", "by", "cut", "end", "give"}
    | {"gives", "giver", "hand", "hen", "land", "nut", "out", "put", "sand", "ten", "than", "the", "them", "then"}
    | {"they", "thin", "went", "when", "where", "whey", "wren"}
)
"""English words that are one slip away from a keyword and begin honest prose."""


class Swallowed(NamedTuple):
    """A line that was meant otherwise.

    Attributes:
        end, instead: how far the line is wrong, and what should stand there instead; None when that is not certain.
    """

    message: str
    fix: str
    end: int = 0
    instead: str | None = None


def swallowed_line(line: str, words: Words, *, steps_expected: bool) -> Swallowed | None:
    """What is wrong with a line of a description that was meant otherwise, else None.

    Args:
        line: without surrounding space.
        words: the keywords of its language.
        steps_expected: whether steps could stand here (scenario, background), so that misspelt ones are likely.
    """
    if not line or line.startswith("#"):
        return None
    line = line[:_MAX_LINE]
    if steps_expected and line.startswith(("|", '"""', "```")):
        what = "a table row" if line.startswith("|") else "a doc string"
        return Swallowed(f"{what} that hangs below no step is taken for description", "put it below a step")
    return _as_heading(line, words, steps_expected=steps_expected) or _as_step(
        line, words, steps_expected=steps_expected
    )


def swallowed_steps(lines: Sequence[str], words: Words) -> frozenset[int]:
    """Which lines of a description, by their number from 0, read like the steps of a scenario together.

    One line that begins with Given, When or Then may be prose; a line of Given or When with one of Then below it is
    none, unless they are sentences with an end.
    """
    said = {}
    for number, line in enumerate(lines):
        guess = guess_step(line, words) if line and not line.endswith(_ENDS) else None
        if guess is not None and guess.why == "exact":
            said[number] = guess.meant
    first = next((number for number, word in said.items() if word in words.begins), None)
    claims = [number for number, word in said.items() if word in words.ends and first is not None and number > first]
    return frozenset(number for number in said if claims and first is not None and number >= first)


def _as_heading(line: str, words: Words, *, steps_expected: bool) -> Swallowed | None:
    guess = guess_heading(line, words)
    if guess is None or (guess.why == "no colon" and not steps_expected):
        return None
    if guess.why == "no colon":
        message = f"{guess.meant} without a colon is taken for description"
        return Swallowed(message, f"write {guess.meant}: or begin the line otherwise")
    fix = f"write {guess.meant}: on a line of its own, where it belongs"
    certain = guess.why != "exact"
    return Swallowed(f"{guess.written} is taken for description", fix, guess.end, guess.instead if certain else None)


def _as_step(line: str, words: Words, *, steps_expected: bool) -> Swallowed | None:
    guess = guess_step(line, words)
    if guess is not None:
        return _as_guessed(line, guess, steps_expected=steps_expected)
    glued = next((word for word in words.steps if line.startswith(word)), None)
    if glued is not None and reads_like_a_step(line[len(glued) :].lstrip(), 0.9):
        return Swallowed(_told(line), f"write a space after {glued}", len(glued), f"{glued} ")
    if reads_like_a_step(line, 0.9) or (steps_expected and reads_like_a_step(line.partition(" ")[2], 0.75)):
        return Swallowed(_told(line), "begin the line with Given, When or Then")
    return None


def _as_guessed(line: str, guess: Guess, *, steps_expected: bool) -> Swallowed | None:
    if guess.why == "colon":
        fix = f"write {guess.meant} without a colon"
        return Swallowed(f"{guess.written} is taken for description", fix, guess.end, guess.instead)
    sure = reads_like_a_step(line[guess.end :], 0.75)
    if guess.why in {"space", "misspelt"} and steps_expected:
        sure = sure or guess.written.lower() not in _REAL_WORDS or guess.why == "space"
    if not sure:
        return None
    if guess.why == "space":
        gap = line[len(guess.written) : guess.end]
        fix = f"write a sentence after {guess.meant}" if not gap else f"write {guess.meant} and one plain space"
        return Swallowed(_told(line), fix, guess.end, guess.instead if gap else None)
    if guess.why == "exact":
        return Swallowed(_told(line), "move it below a scenario, without a bullet")
    fix = f"write {guess.meant}, spelt so"
    return Swallowed(_told(line), fix, guess.end, guess.instead if steps_expected else None)


def _told(line: str) -> str:
    return f"a line that reads like a step is taken for description: {line[:60]!r}"
