"""Which sentences are ours: all of a truth's feature, and of other features those that nobody else has defined.

A project may keep behave steps of its own beside ours. In the feature of a truth they must not answer, since they
would pass what nothing has judged; elsewhere ours must not stand in their way.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from behave.matchers import Match, Matcher  # type: ignore[import-untyped]

# The registry that decorators write to and the runner reads: behave puts another one into behave.step_registry.
from behave.runner import the_step_registry as registry  # type: ignore[import-untyped]

_SENTENCE = "any sentence of a truth"


class Claim:
    """What is being walked through now."""

    def __init__(self) -> None:
        self._ours: bool | None = None

    def walk(self, *, ours: bool) -> None:
        """Go on with a feature: a truth's, or not."""
        self._ours = ours

    @property
    def ours(self) -> bool:
        """Whether every sentence is; without the hooks nobody can tell, and then none may pass."""
        return self._ours is not False


CLAIM = Claim()


class _Sentence(Matcher):  # type: ignore[misc]  # behave has no types
    """Matches every sentence, while it is wanted."""

    def __init__(self, judge: Callable[[Any], None], wanted: Callable[[str], bool], step_type: str) -> None:
        super().__init__(judge, _SENTENCE, step_type)
        self._wanted = wanted

    def compile(self) -> "_Sentence":
        return self

    def match(self, step_text: str) -> Any:
        return Match(self.func, []) if self._wanted(step_text) else None

    def matches(self, step_text: str) -> bool:  # noqa: ARG002  behave asks whether a new definition is ambiguous
        return False


def claim_sentences(judge: Callable[[Any], None]) -> None:
    """Let behave ask us before all other definitions, and once more when none of them fits."""
    for step_type, definitions in registry.steps.items():
        definitions.insert(0, _Sentence(judge, lambda _: CLAIM.ours, step_type))
        definitions.append(_Sentence(judge, partial(_undefined, step_type), step_type))


def _undefined(step_type: str, text: str) -> bool:
    """Whether no definition of somebody else takes a sentence."""
    definitions = [*registry.steps[step_type], *registry.steps["step"]]
    return not any(item.match(text) for item in definitions if not isinstance(item, _Sentence))
