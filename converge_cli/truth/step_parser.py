"""Sentences to values: matches a step against the catalogue. One step, one meaning, or a finding; never a guess."""

import re
from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher
from functools import cache, lru_cache
from itertools import takewhile
from typing import Any, NamedTuple

from converge_cli.truth.findings import Findings, Place
from converge_cli.truth.step_catalogue import CATALOGUE, Keyword, Pattern, Scope
from converge_cli.truth.step_grammar import QUOTED, Argument, StepProblem, skeleton
from converge_cli.truth.step_parts import values_of
from converge_cli.truth.step_template import TemplateIndex

_NOTHING = Argument()
_ODD_SPACE = re.compile("[^\\S \\t]|[\u200b-\u200f\u2060\ufeff]")
_SELECTION = re.compile(
    r' with id ""'
    r'| where field "" (?:exists|matches|is(?: not| one of| (?:at|greater|less) \w+)?)'
    r'(?:,? (?:""|n|true|false|/.*/))*'
)


class ParsedStep(NamedTuple):
    """A step with its meaning: the pattern that matched and the value that it built."""

    pattern: Pattern
    value: Any


@cache
def _catalogue() -> TemplateIndex[Pattern]:
    return TemplateIndex((pattern.template, pattern) for pattern in CATALOGUE)


def matching(text: str) -> list[str]:
    """The patterns of the catalogue that a step matches, as they are shown."""
    return [pattern.template.shown for pattern, _ in _catalogue().matches(text)]


def parse_step(text: str, argument: Argument | None = None, *, advise: bool = True) -> ParsedStep:
    """Match a step and build its value; `advise` looks for the nearest pattern when none matches.

    Raises:
        StepProblem: no pattern or several match, the argument does not fit, or a value can't be right.
    """
    matches = _catalogue().matches(text)
    if not matches:
        raise StepProblem(
            "unknown-step", f"no pattern of the step catalogue matches {_short(text)}", _advice(text) if advise else ""
        )
    if len(matches) > 1:
        raise ambiguous(pattern.template.shown for pattern, _ in matches)
    pattern, found = matches[0]
    _check_argument(pattern, argument)
    return ParsedStep(pattern, pattern.build(values_of(found), argument or _NOTHING))


def ambiguous(shown: Iterable[str]) -> StepProblem:
    """The problem of a step that several patterns match."""
    names = " and ".join(f"`{words}`" for words in shown)
    return StepProblem("ambiguous-step", f"the step matches {names}", "reword it so that one of them matches")


@lru_cache(maxsize=8192)
def _parse_bare(text: str, *, advise: bool) -> ParsedStep:
    return parse_step(text, advise=advise)


def read_step(
    text: str,
    place: Place,
    findings: Findings,
    *,
    keyword: Keyword,
    scopes: Sequence[Scope],
    argument: Argument | None = None,
) -> Any:
    """The value of a step, or None after saying what is wrong with it."""
    try:
        advise = not findings.many
        parsed = _parse_bare(text, advise=advise) if argument is None else parse_step(text, argument, advise=advise)
        _check_position(parsed.pattern, keyword, scopes)
    except StepProblem as problem:
        where = problem.place or findings.within(place, problem.fragment)
        word = problem.fragment.strip('"')
        mending = findings.mending(where, word, problem.choices) if problem.choices else None
        findings.add(problem.name, where, problem.message, problem.fix, mending)
        return None
    return parsed.value


def nearest(text: str, cutoff: float = 0.5) -> Pattern | None:
    """The pattern of the catalogue most like a text, or None when nothing is near."""
    return _nearest(_SELECTION.sub("", skeleton(text)), cutoff)


def reads_like_a_step(text: str, cutoff: float) -> bool:
    """Whether a text without keyword is a sentence of the catalogue, or so near to one as a cutoff says."""
    if matching(text):
        return True
    # Prose shares words such as `the` with every sentence; comparing takes long, so two others must be shared.
    shared = _words() & set(re.findall(r"[a-z]{4,}", text[:300].lower()))
    return len(shared) > 1 and nearest(text, cutoff=cutoff) is not None


@cache
def _words() -> frozenset[str]:
    """The words of the catalogue that tell something."""
    shown = " ".join(pattern.template.shown for pattern in CATALOGUE)
    return frozenset(re.findall(r"[a-z]{4,}", shown)) - {"must", "least", "most", "than", "each", "there", "from"}


@lru_cache(maxsize=4096)
def _nearest(wanted: str, cutoff: float) -> Pattern | None:
    found: tuple[float, Pattern | None] = (0.0, None)
    matcher = SequenceMatcher(None, "", wanted)
    for pattern in CATALOGUE:
        shown = _bare(pattern.template.shown)
        matcher.set_seq1(shown)
        if matcher.real_quick_ratio() < cutoff or matcher.quick_ratio() < cutoff:
            continue
        ratio = matcher.ratio()
        # Whoever misremembers a sentence remembers how it begins.
        score = ratio + 0.15 * _same_beginning(wanted, shown)
        if ratio >= cutoff and score > found[0]:
            found = (score, pattern)
    return found[1]


def _same_beginning(one: str, other: str) -> int:
    """How many of the first three words are the same."""
    pairs = zip(one.split()[:3], other.split()[:3], strict=False)
    return len(list(takewhile(lambda pair: pair[0] == pair[1], pairs)))


@lru_cache(maxsize=256)
def _bare(shown: str) -> str:
    """The skeleton of a pattern without its optional words and with numbers for values, to compare steps with."""
    return skeleton(re.sub(r"\b(VALUE|X|N)\b", "0", re.sub(r"\[[^\]]*\]| SEL", "", shown)))


@lru_cache(maxsize=2048)
def _advice(text: str) -> str:
    odd = _ODD_SPACE.search(QUOTED.sub("", text))
    if odd is not None:
        return f"write a plain space, or nothing, in place of U+{ord(odd[0]):04X}"
    pattern = nearest(text, cutoff=0.4)
    if pattern is None:
        return "write a sentence of the step catalogue"
    table = " (table)" if pattern.wanted == "table" else ""
    return f"did you mean: {pattern.template.shown}{table}"


def _short(text: str) -> str:
    return repr(text if len(text) <= 100 else text[:97] + "...")


def _check_argument(pattern: Pattern, argument: Argument | None) -> None:
    shown = pattern.template.shown
    rows = argument.rows if argument else ()
    text = argument.text if argument else None
    if pattern.wanted == "nothing" and argument is not None:
        raise StepProblem("step-argument", f"`{shown}` takes no table or text", "remove what hangs below the step")
    if pattern.wanted == "table" and (not rows or text is not None):
        raise StepProblem(
            "step-argument", f"`{shown}` needs a table", "add the table below the step, in a feature file"
        )
    if pattern.wanted == "table or text" and bool(rows) == (text is not None):
        raise StepProblem("step-argument", f"`{shown}` needs one table or one text", "add it below the step")


def _check_position(pattern: Pattern, keyword: Keyword, scopes: Sequence[Scope]) -> None:
    shown = pattern.template.shown
    if pattern.keyword != keyword:
        raise StepProblem(
            "misplaced-step",
            f"`{shown}` is a {pattern.keyword.title()} step, not a {keyword.title()} step",
            f"write {pattern.keyword.title()} before it",
        )
    if pattern.scope not in scopes:
        home = {"rule": "an invariant, a validation or the contract", "contract": "@suggestor", "example": "@e2e"}
        raise StepProblem("misplaced-step", f"`{shown}` belongs under {home[pattern.scope]}", "move or replace it")
