"""Sentences as templates, and an index that finds the few that a step could be.

A template is written as people read it: words, `one/other` for two forms of a word (the first is shown),
`{name:kind}` for a value, `{name:one way|another}` for one of several phrases, and `[...]` for what may be left out.
"""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Generic, TypeVar

from converge_cli.truth.step_parts import BESIDE, KINDS, PART, Found, Part, Tokens, laid, parts_of, tokenise

Owner = TypeVar("Owner")


class Template:
    """A pattern of the step language; its parts are made when a step could first match it."""

    __slots__ = ("_parts", "shown", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.shown = _shown(text)
        self._parts: tuple[Part, ...] | None = None

    def heads(self) -> frozenset[str]:
        """What the first token of a step can be: words as written, shapes of values in angle brackets."""
        name, kind, _, word = next(PART.finditer(self.text)).groups()
        if name is None:
            return frozenset(word.split("/"))
        if kind in KINDS:
            return frozenset(f"<{shape}>" for shape in KINDS[kind].shapes)
        return frozenset(phrase.split()[0] for phrase in kind.split("|"))

    def match(self, tokens: Tokens) -> Found | None:
        """What stands in each place of a whole step, not yet read; None when the step is another sentence."""
        if self._parts is None:
            self._parts = parts_of(self.text)
        found: Found = {}
        at = laid(self._parts, tokens, 0, found)
        return found if at == len(tokens) else None

    def names(self) -> tuple[str, ...]:
        """The names of its places."""
        return tuple(name for name, _ in _places(self.text))

    def places(self) -> tuple[tuple[str, str], ...]:
        """Each place as the sentence shows it, with what may stand there in words; in their order."""
        return tuple(
            dict.fromkeys(
                (_shown_place(name, kind), _in_words(kind))
                for name, kind in _places(self.text)
                if kind in KINDS or kind in BESIDE or "|" in kind
            )
        )


class TemplateIndex(Generic[Owner]):
    """Templates with what each stands for, found by how a step begins, so that most are never tried."""

    def __init__(self, owned: Iterable[tuple[Template, Owner]]) -> None:
        self._by_head: dict[str, list[tuple[Template, Owner]]] = {}
        for template, owner in owned:
            for head in template.heads():
                self._by_head.setdefault(head, []).append((template, owner))

    def matches(self, text: str) -> list[tuple[Owner, Found]]:
        """Every template that a whole step matches, by its owner, with what the match found."""
        tokens = tokenise(text)
        if not tokens:
            return []
        first = tokens[0]
        head = first.text if first.shape == "word" else f"<{first.shape}>"
        candidates = self._by_head.get(head, ())
        return [(owner, found) for template, owner in candidates if (found := template.match(tokens)) is not None]


def template_problem(text: str) -> str | None:
    """Why a text can't be a template of a pack, or None; packs write words, values and phrases, and no options."""
    bare = re.sub(r"\{(\w+):([^{}\[\]]+)\}", lambda match: f"{match[1]}:" if not match[2].strip() else "", text)
    if any(sign in bare for sign in "{}[]"):
        return "write {name:kind} for what is filled in; there are no options in [...]"
    if "," in bare or '"' in bare:
        return "commas and quotes belong to values"
    slots = [(match[1], match[2]) for match in PART.finditer(text) if match[1]]
    names = [name for name, _ in slots]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        return f"{{{twice}:...}} stands there twice"
    unknown = next((kind for _, kind in slots if kind not in KINDS and "|" not in kind), None)
    if unknown is not None:
        return f"no kind {unknown!r}: the kinds are {', '.join(KINDS)}, or phrases with | between them"
    return None if re.search(r"[^\W\d_]", bare) else "a sentence has words"


def _places(text: str) -> Iterator[tuple[str, str]]:
    for name, kind, optional, _ in (match.groups() for match in PART.finditer(text)):
        if name is not None:
            yield name, kind
        elif optional is not None:
            yield from _places(optional)


def _shown_place(name: str, kind: str) -> str:
    if kind in KINDS:
        return KINDS[kind].shown or f'"{name}"'
    return {"sel": "SEL", "keys": '"K"[, "K"]'}.get(kind, kind)


def _in_words(kind: str) -> str:
    if kind in BESIDE:
        return BESIDE[kind]
    return KINDS[kind].words if kind in KINDS else " or ".join(kind.split("|"))


@lru_cache(maxsize=256)
def _shown(text: str) -> str:
    """The template as a catalogue prints it."""
    words = []
    for name, kind, optional, word in (match.groups() for match in PART.finditer(text)):
        if word is not None:
            words.append(word.split("/")[0])
        elif optional is not None:
            words.append(f"[{_shown(optional)}]")
        else:
            words.append(_shown_place(name, kind))
    return " ".join(words).replace(" :", ":")
