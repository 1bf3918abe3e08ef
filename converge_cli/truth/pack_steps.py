"""Replaces the steps of packs by the sentences of the catalogue that they stand for, before anything is compiled.

Must never run a pack's code later than that, and never let a pack's sentence take the place of the catalogue's.
"""

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from difflib import get_close_matches
from functools import cached_property
from typing import Any, NamedTuple

from converge_cli.core import predicate as p
from converge_cli.core.pack import Pack
from converge_cli.core.pack_step import PackStep
from converge_cli.truth.feature_text import Step
from converge_cli.truth.findings import Findings
from converge_cli.truth.step_grammar import StepProblem, skeleton
from converge_cli.truth.step_parser import ambiguous, matching
from converge_cli.truth.step_parts import KINDS, Found, Raw
from converge_cli.truth.step_template import Template, TemplateIndex


class _Owned(NamedTuple):
    """A step with its pack."""

    pack: str
    step: PackStep
    template: Template

    @property
    def shown(self) -> str:
        return f"{self.template.shown} (pack {self.pack})"


class PackSteps:
    """The steps of the packs that a truth uses.

    Args:
        packs: gives the packs, when they are first needed.
        guessed: which packs a text uses is not known: they are asked for what the catalogue does not know, only.

    Attributes:
        said: those that some step of the truth was, as (pack, sentence).
    """

    def __init__(self, packs: Callable[[], Sequence[Pack]], *, guessed: bool = False) -> None:
        self.said: set[tuple[str, str]] = set()
        self._packs = packs
        self._guessed = guessed

    def replaced(self, steps: Sequence[Step], findings: Findings) -> tuple[Step, ...]:
        """The steps, with catalogue sentences in place of those of packs.

        A step that can't be replaced stays without a keyword, after a finding.
        """
        if self._guessed and all(matching(step.text) for step in steps):
            return tuple(steps)
        if not self._steps:
            return tuple(steps)
        return tuple(new for step in steps for new in self._replace(step, findings))

    @cached_property
    def _steps(self) -> list[_Owned]:
        return [_Owned(pack.name, item, Template(item.sentence)) for pack in self._packs() for item in pack.steps]

    @cached_property
    def _index(self) -> TemplateIndex[_Owned]:
        return TemplateIndex((item.template, item) for item in self._steps)

    def _replace(self, step: Step, findings: Findings) -> Iterator[Step]:
        matches = self._index.matches(step.text)
        try:
            if not matches:
                self._check_near(step)
                yield step
            else:
                yield from self._sentences(step, matches)
        except StepProblem as problem:
            where = findings.within(step.place, problem.fragment)
            findings.add(problem.name, where, problem.message, problem.fix)
            yield Step(None, step.text, step.place)

    def _sentences(self, step: Step, matches: list[tuple[_Owned, Found]]) -> list[Step]:
        self.said |= {(owned.pack, owned.step.sentence) for owned, _ in matches}
        catalogue = matching(step.text)
        if catalogue or len(matches) > 1:
            raise ambiguous([*(owned.shown for owned, _ in matches), *catalogue])
        owned, found = matches[0]
        if step.argument is not None:
            message = f"`{owned.shown}` takes no table or text"
            raise StepProblem("step-argument", message, "remove what hangs below the step")
        return [Step(step.keyword, text, step.place) for text in _stands_for(owned, found)]

    def _check_near(self, step: Step) -> None:
        """Tell of a sentence that is nearly one of a pack's; the catalogue's advice would lead astray.

        Raises:
            StepProblem: it is, and no sentence of the catalogue.
        """
        shown = {skeleton(owned.template.shown): owned for owned in self._steps}
        near = get_close_matches(skeleton(step.text), shown, n=1, cutoff=0.8)
        if near and not matching(step.text):
            message = f"no pattern of the step catalogue or the packs matches {step.text[:100]!r}"
            raise StepProblem("unknown-step", message, f"did you mean: {shown[near[0]].shown}")


def _stands_for(owned: _Owned, found: Found) -> list[str]:
    """The sentences of a step.

    Raises:
        StepProblem: a value can't be right, or the pack gives no sentences of the catalogue.
    """
    values = {name: _plain(value) for name, value in found.items()}
    try:
        made = owned.step.stands_for(**values)
        texts = [made] if isinstance(made, str) else list(made)
    except Exception as error:
        raise _broken(owned, f"it raised {type(error).__name__}: {error}") from error
    if not texts:
        raise _broken(owned, "it stands for no sentence")
    for text in texts:
        if not isinstance(text, str) or len(matching(text)) != 1:
            raise _broken(owned, f"it stands for {text!r:.120}, which is no sentence of the catalogue")
    return texts


def _plain(value: Any) -> Any:
    """What a pack's function is given: text as it is written, numbers as numbers."""
    if not isinstance(value, Raw):
        return value
    read = value()
    if value.kind is KINDS["value"]:
        return value.text
    if isinstance(read, p.Value):
        return Decimal(read.text)
    return read if isinstance(read, int) else value.text[1:-1]


def _broken(owned: _Owned, why: str) -> StepProblem:
    where = f"{owned.step.file}:{owned.step.line}"
    return StepProblem("broken-pack", f"step `{owned.shown}`: {why}", f"mend it in {where}")
