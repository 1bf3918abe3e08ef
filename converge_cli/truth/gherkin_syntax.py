"""Parses a feature file, and goes on after a fault: the line at fault is mended in memory, so that one misspelt
keyword hides nothing that comes after it.

A text that needed mending is always at fault. Must know nothing of what steps mean.
"""

import re
from typing import Any, NamedTuple

from converge_cli.core.errors import did_you_mean
from converge_cli.truth.findings import Findings, Place
from converge_cli.truth.keyword_guess import Guess, Words, guess_heading, guess_step

_ROUNDS = 30
_CHARACTERS = 3_000_000
"""How often, and how many characters in all, are parsed for one file: parsing is slow."""

_ODD = re.compile("[\\x0b\\x0c\\x1c-\\x1e\\x85\\u2028\\u2029\\u202a-\\u202e\\u2066-\\u2069]")
_LANGUAGE = re.compile(r"\s*#\s*language\s*:\s*([a-zA-Z\-_]+)\s*$")
_ROW_END = re.compile(r"(?<!\\)(?:\\\\)*\|$")


class _Fault(NamedTuple):
    """What is wrong at a line.

    Attributes:
        line: the number of the line at fault.
        mended: the line for parsing on; None when nothing after it could be trusted.
        end, instead: the stretch from the line's first character that `--fix` replaces, where that is certain.
    """

    name: str
    line: int
    message: str
    fix: str
    mended: str | None = ""
    end: int = 0
    instead: str | None = None


def parse_feature(file: str, text: str, findings: Findings) -> Any:
    """The document's feature as gherkin-official gives it; None, after a finding, when there is none to be had."""
    _check_characters(file, text, findings)
    lines = text.split("\n")
    for number in range(1, _ROUNDS + 1):
        document, error = _parsed("\n".join(lines))
        if error is None:
            break
        fault = _explained(error, lines)
        _report(fault, file, findings)
        if fault.mended is None or number == _ROUNDS or number * len(text) > _CHARACTERS:
            return None
        lines[fault.line - 1] = fault.mended
    feature = document.get("feature")
    _check_languages(file, document, findings)
    if feature is None:
        findings.add("empty-file", findings.whole_file(file), "the file has no Feature:", "begin with Feature:")
    return feature


def _check_languages(file: str, document: Any, findings: Findings) -> None:
    """A language that is named below Feature: is a comment to Gherkin."""
    for comment in document["comments"]:
        if _LANGUAGE.match(comment["text"]):
            place = findings.whole_line(file, comment["location"]["line"])
            message = "the language stands too late, so Gherkin takes it for a comment"
            findings.add("gherkin-syntax", place, message, "put it on the first line, once")


def check_row_ends(file: str, node: Any, findings: Findings) -> None:
    """Add a finding for a table row that does not end with `|`: Gherkin drops what stands after the last one."""
    for row in node["rows"]:
        text = findings.line(Place(file, row["location"]["line"], 1, 1)).rstrip()
        if not _ROW_END.search(text):
            place = Place(file, row["location"]["line"], row["location"]["column"], len(text) + 1)
            message = f"what stands after the last | is lost: {text.rpartition('|')[2].strip()!r}"
            findings.add("gherkin-syntax", place, message, "end the row with |")


def _check_characters(file: str, text: str, findings: Findings) -> None:
    """Some characters make a text look like another one than the one that is parsed."""
    if _ODD.search(text) is None:
        return
    for number, line in enumerate(text.split("\n"), start=1):
        for match in _ODD.finditer(line):
            place = Place(file, number, match.start() + 1, match.end() + 1)
            message = f"U+{ord(match[0]):04X} makes the line look like another one than Gherkin reads"
            findings.add("gherkin-syntax", place, message, "remove it, or begin a new line")


def _parsed(text: str) -> tuple[Any, Any]:
    """The document, or the first error: what comes after one is told by parsing on."""
    from gherkin.errors import ParserException  # noqa: PLC0415  40 ms
    from gherkin.parser import Parser  # noqa: PLC0415

    parser = Parser()
    parser.stop_at_first_error = True
    try:
        return parser.parse(text), None
    except ParserException as error:
        return None, error


def _report(fault: _Fault, file: str, findings: Findings) -> None:
    place = findings.whole_line(file, fault.line)
    where = Place(file, fault.line, place.column, place.column + fault.end)
    replacement = None if fault.instead is None else (where, fault.instead)
    findings.add(fault.name, place, fault.message, fault.fix, replacement)


def _explained(error: Any, lines: list[str]) -> _Fault:
    words = re.sub(r"^\([0-9:]+\): ", "", str(error))
    number = error.location["line"]
    plain = _plain_fault(words, number)
    if plain is not None:
        return plain
    if "end of file" in words and "DocString" in words:
        return _open_text(lines)
    tags = _tags_before(number, lines)
    if tags:
        return _misplaced_tags(tags, number, lines)
    return _before_the_feature(number, lines) if "#FeatureLine" in words else _wrong_line(number, lines)


def _plain_fault(words: str, number: int) -> _Fault | None:
    if "not supported" in words:
        return _unknown_language(number, words.rpartition(" ")[2])
    if "whitespace" in words:
        return _Fault("gherkin-syntax", number, words, "write @name without spaces inside")
    if "inconsistent cell count" in words:
        return _Fault("gherkin-syntax", number, "the row has not as many cells as its table", "give it the same number")
    return None


def _unknown_language(number: int, language: str) -> _Fault:
    from gherkin.dialect import DIALECTS  # noqa: PLC0415  reads a large file

    fix = did_you_mean(language, DIALECTS) or "use a language code such as en, sv or de"
    return _Fault("gherkin-syntax", number, f"Gherkin has no language {language!r}", fix, None)


def _open_text(lines: list[str]) -> _Fault:
    marks = [n for n, line in enumerate(lines, start=1) if line.strip().startswith(('"""', "```"))]
    return _Fault("gherkin-syntax", marks[-1], "the doc string has no end", 'close it with """', None)


def _tags_before(number: int, lines: list[str]) -> list[int]:
    """The numbers of the tag lines right before a line."""
    found: list[int] = []
    for at in range(min(number - 1, len(lines)), 0, -1):
        line = lines[at - 1].strip()
        if line.startswith("@"):
            found.append(at)
        elif line and not line.startswith("#"):
            break
    return found


def _misplaced_tags(tags: list[int], number: int, lines: list[str]) -> _Fault:
    below = lines[number - 1].strip() if number <= len(lines) else ""
    guess = guess_heading(below, _language_words(lines)) if below else None
    if guess is not None and guess.why != "exact":
        return _misspelt(number, lines, guess)
    what = f"above {below[:40]!r}, where tags mean nothing" if below else "at the end, above nothing"
    fix = "put them above a Feature, Rule, Scenario or Examples, or remove them"
    return _Fault("misused-tag", tags[0], f"tags stand {what}", fix)


def _before_the_feature(number: int, lines: list[str]) -> _Fault:
    from gherkin.dialect import DIALECTS  # noqa: PLC0415  reads a large file

    dialects: Any = DIALECTS
    text = lines[number - 1].strip() if number <= len(lines) else ""
    guess = guess_heading(text, _language_words(lines))
    if guess is not None and guess.meant in {word for spec in dialects.values() for word in spec["feature"]}:
        return _misspelt(number, lines, guess)
    name = text.partition(":")[0]
    codes = sorted(code for code, spec in dialects.items() if name in spec["feature"])
    if codes:
        fix = f"begin the file with # language: {' or '.join(codes)}"
        return _Fault("gherkin-syntax", number, f"{name}: is no English heading", fix, None)
    message = f"the file begins with {text[:40]!r}, not with Feature:"
    return _Fault("gherkin-syntax", number, message, "begin with Feature:", None)


def _wrong_line(number: int, lines: list[str]) -> _Fault:
    if number > len(lines):
        message, fix = "the file ends where something is missing", "finish or remove its last lines"
        return _Fault("gherkin-syntax", len(lines), message, fix, None)
    text, words = lines[number - 1].strip(), _language_words(lines)
    heading, step = guess_heading(text, words), guess_step(text, words)
    if heading is not None:
        return _misplaced_heading(number, heading) if heading.why == "exact" else _misspelt(number, lines, heading)
    if step is not None and step.why != "exact":
        return _misspelt(number, lines, step)
    if step is not None and not text.startswith(step.written):
        _, _, rest = lines[number - 1].partition(step.written)
        return _Fault("gherkin-syntax", number, "a bullet stands before the step", "remove it", step.written + rest)
    message, fix = (
        f"the line is neither a step nor a heading: {text[:60]!r}",
        "begin it with Given, When, Then, And or But, or with # for a comment",
    )
    if step is not None:
        message, fix = f"a step can't stand here: {text[:60]!r}", "move it below its scenario"
    elif text.startswith("|"):
        message, fix = "a table can't stand here", "put it right below its step"
    return _Fault("gherkin-syntax", number, message, fix)


def _misplaced_heading(number: int, heading: Guess) -> _Fault:
    fixes = {
        "Feature": ("a file holds one feature", "move the second one to a file of its own"),
        "Background": ("a background stands before the first scenario, once", "move it there, or join the two"),
    }
    message, fix = fixes.get(heading.meant, (f"{heading.meant}: can't stand here", "move it to where it belongs"))
    return _Fault("gherkin-syntax", number, message, fix)


def _other_language(lines: list[str]) -> _Fault | None:
    """The fault of a file that names a language and is written in English, if it is such a file."""
    named = next((number for number, line in enumerate(lines, start=1) if _LANGUAGE.match(line)), None)
    words = _language_words(lines)
    begins = [line.strip().split(" ")[0] for line in lines]
    if named is None or not words.english_steps.keys() & set(begins) or words.steps & set(begins):
        return None
    message = f"the language is {words.language}, and no step is: their keywords are English"
    return _Fault("gherkin-syntax", named, message, "remove the line, or translate the keywords", None)


def _misspelt(number: int, lines: list[str], guess: Guess) -> _Fault:
    other = _other_language(lines) if guess.why == "language" else None
    if other is not None:
        return other
    line = lines[number - 1]
    indent = line[: len(line) - len(line.lstrip())]
    rest = line.strip()[guess.end :]
    instead = guess.instead if rest else guess.instead.rstrip()
    messages = {
        "colon": f"{guess.written} has a stray colon",
        "space": f"there is no plain space after {guess.written}",
        "no colon": f"{guess.written} has no colon",
        "language": f"{guess.written} is not a keyword of the file's language",
    }
    message = messages.get(guess.why, f"{guess.written} is no keyword")
    fix = f"write {guess.instead.strip()}"
    if guess.why == "colon" and guess.instead.strip().endswith(":"):
        message = f"{guess.written} has another colon than Gherkin's"
    elif guess.why == "colon":
        fix += " without the colon"
    return _Fault("gherkin-syntax", number, message, fix, indent + instead + rest, guess.end, instead)


def _language_words(lines: list[str]) -> Words:
    """The words of the language that the file names, as far as it names one that exists."""
    from gherkin.dialect import DIALECTS  # noqa: PLC0415  reads a large file

    for line in lines:
        match = _LANGUAGE.match(line)
        if match or (line.strip() and not line.strip().startswith("#")):
            return Words.of(match[1] if match and match[1] in DIALECTS else "en")
    return Words.of("en")
