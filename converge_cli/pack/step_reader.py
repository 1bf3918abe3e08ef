"""The steps of a pack's module: well-formed sentences, functions that fit them, held to their time.

Must never call one of the functions: that is done when a truth says the sentence.
"""

import inspect
from collections.abc import Callable, Sequence
from functools import wraps
from types import ModuleType
from typing import Any

from converge_cli.core.pack import InvalidPackError
from converge_cli.core.pack_step import PackStep
from converge_cli.engine.watchdog import WatchdogTimeout, watched
from converge_cli.truth.step_template import Template, template_problem

STEP_SECONDS = 2.0
"""Seconds that a step may take to say what it stands for."""


def steps_of(pack: str, module: ModuleType, on_stuck: Callable[[str], None] | None) -> tuple[PackStep, ...]:
    """The steps that a module defines, in its order.

    Raises:
        InvalidPackError: a sentence is malformed or there twice, or a function does not take what it names.
    """
    found: dict[str, PackStep] = {}
    for item in vars(module).values():
        if not isinstance(item, PackStep):
            continue
        where = f"{item.file}:{item.line}"
        problem = template_problem(item.sentence) or _misfit(item)
        if problem is None and item.sentence in found:
            problem = "it is there twice"
        if problem is not None:
            raise InvalidPackError(f"step {item.sentence!r}: {problem}", hint="see the guide on steps", where=where)
        found[item.sentence] = PackStep(item.sentence, _in_time(pack, item, on_stuck), item.file, item.line)
    return tuple(found.values())


def _misfit(item: PackStep) -> str | None:
    wanted = Template(item.sentence).names()
    try:
        inspect.signature(item.stands_for).bind(**dict.fromkeys(wanted))
    except (TypeError, ValueError) as error:
        return f"its function must take {', '.join(wanted) or 'nothing'} by name: {error}"
    return None


def _in_time(pack: str, item: PackStep, on_stuck: Callable[[str], None] | None) -> Callable[..., str | Sequence[str]]:
    @wraps(item.stands_for)
    def stands_for(**values: Any) -> str | Sequence[str]:
        try:
            with watched(f"step of pack {pack}", STEP_SECONDS, on_stuck):
                made = item.stands_for(**values)
                return made if isinstance(made, str) else tuple(made)
        except WatchdogTimeout as error:
            raise InvalidPackError(
                f"pack {pack}: {item.sentence!r} was still working after {STEP_SECONDS:g} seconds",
                hint="a step only puts words together",
                where=f"{item.file}:{item.line}",
            ) from error

    return stands_for
