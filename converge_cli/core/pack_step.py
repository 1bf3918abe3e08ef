"""Steps that a pack adds to the step language: a sentence of its own that stands for sentences of the catalogue.

They are replaced when a truth is compiled, so that a compiled job is plain data and nothing of them runs later.
"""

from collections.abc import Callable, Sequence

StandsFor = Callable[..., str | Sequence[str]]


class PackStep:
    """A sentence with places, and the function that gives what it stands for.

    Attributes:
        sentence: words, with `{name:kind}` where something is filled in; kinds are those of the step catalogue.
        stands_for: called with what was filled in, by name; returns one sentence of the catalogue or several.
        file, line: where it was written, for findings.
    """

    __slots__ = ("file", "line", "sentence", "stands_for")

    def __init__(self, sentence: str, stands_for: StandsFor, file: str = "", line: int = 1) -> None:
        self.sentence = sentence
        self.stands_for = stands_for
        self.file = file
        self.line = line


def step(sentence: str) -> Callable[[StandsFor], PackStep]:
    """Add a sentence to the step language of every truth that uses the pack; see PackStep.

    The sentences that the function returns take the keyword of the step, and are checked like any others. Texts, ids,
    keys and fields come as they are written between their quotes, a `value` with its quotes, numbers as Decimal,
    counts as int.
    """

    def make(stands_for: StandsFor) -> PackStep:
        code = getattr(stands_for, "__code__", None)
        return PackStep(sentence, stands_for, getattr(code, "co_filename", ""), getattr(code, "co_firstlineno", 1))

    return make
