"""Codes of findings as words of the command line."""

from collections.abc import Iterable

from converge_cli.cli.output import UsageError


def codes_named(words: Iterable[str], option: str) -> frozenset[str]:
    """The codes that words mean, each a code, a name, a group, or the beginning of a code; commas split them.

    Raises:
        UsageError: a word means none; says what may have been meant.
    """
    from converge_cli.truth.codes import kinds_named  # noqa: PLC0415  only who names some

    codes: set[str] = set()
    for word in (part.strip() for text in words for part in text.split(",")):
        kinds = kinds_named(word)
        if not kinds:
            raise unknown_code(word, option)
        codes.update(kind.code for kind in kinds)
    return frozenset(codes)


def unknown_code(word: str, option: str) -> UsageError:
    """A word means no code; says which one it may have meant."""
    from converge_cli.truth.codes import GROUPS, nearest_word  # noqa: PLC0415

    near = nearest_word(word)
    hint = f"did you mean {near}?" if near else f"a code such as CV014, a name, or a group: {', '.join(GROUPS)}"
    return UsageError(f"{option} knows no code, name or group {word!r}", hint=hint, where=option)
