"""Hooks for features/environment.py: judge before behave walks, and fail what behave would let pass in silence.

Behave takes a misspelt line before the first step for a description, runs a scenario without steps as passed, and
drops a file without a feature: the hooks look for all three. A feature that no truth uses is left to the steps of
its own project; sentences that those don't define fail.
"""

import sys
from pathlib import Path
from typing import Any

from converge_cli._internal.process_exit import keep_process
from converge_cli.testing.behave.book import ExampleBook
from converge_cli.testing.behave.claim import CLAIM
from converge_cli.testing.behave.judgement import Judgement

__all__ = ["after_all", "after_feature", "before_all", "before_feature", "before_scenario", "before_step"]


def before_all(context: Any) -> None:
    """Open the book of this run; refuse files in which behave finds no feature, and packs that would leave it.

    Raises:
        AssertionError: such a file is among those to run.
    """
    from behave.parser import parse_file  # type: ignore[import-untyped]  # noqa: PLC0415  with behave only
    from behave.runner_util import collect_feature_locations  # type: ignore[import-untyped]  # noqa: PLC0415

    keep_process()
    context.converge_book = ExampleBook(Path.cwd())
    context.converge_skipped = []
    for file in dict.fromkeys(location.filename for location in collect_feature_locations(context.config.paths)):
        if parse_file(file) is None:
            raise AssertionError(f"{file} holds no feature: begin it with Feature:")


def before_feature(context: Any, feature: Any) -> None:
    """Claim the feature of a truth; refuse a feature in which behave finds no scenario.

    Raises:
        AssertionError: there is none.
    """
    context.converge_ours = context.converge_book.knows(Path(feature.filename))
    CLAIM.walk(ours=context.converge_ours)
    if not feature.walk_scenarios():
        problem = context.converge_book.problem(Path(feature.filename))
        raise AssertionError(f"{feature.filename} has no scenario. {problem}".rstrip())


def before_scenario(context: Any, scenario: Any) -> None:
    """Judge the scenario; skip what is no judgement, and let each Then pass or fail by itself.

    Raises:
        AssertionError: it has no steps that could fail.
    """
    if context.converge_ours and "manual" in {str(tag) for tag in scenario.effective_tags}:
        context.converge = Judgement(skip="a documented gap, checked by people only")
    else:
        row, line = _row(scenario)
        context.converge = context.converge_book.judge(Path(scenario.filename), line, row)
    if context.converge.skip:
        scenario.skip(context.converge.skip)
        context.converge_skipped.append(f"{scenario.location}: {scenario.name} ({context.converge.skip})")
    elif not list(scenario.all_steps):
        raise AssertionError(context.converge.whole or "the scenario has no steps, so it asserts nothing")
    scenario.continue_after_failed_step = context.converge.thens is not None and not context.converge.whole


def after_feature(context: Any, feature: Any) -> None:
    """Fail the feature of a truth whose run on its own inputs shows a fault, even when no scenario is about it.

    Raises:
        AssertionError: with the fault.
    """
    fault = context.converge_book.own_fault(Path(feature.filename))
    if fault:
        raise AssertionError(fault)


def before_step(context: Any, step: Any) -> None:
    """Remember which step is next: the step library needs its line."""
    context.converge_step = step


def after_all(context: Any) -> None:
    """Say what was neither passed nor failed, and why."""
    for line in context.converge_skipped:
        sys.stdout.write(f"Skipped: {line}\n")


after_all.capture = False  # type: ignore[attr-defined]  # behave looks for it: what is said must be seen


def _row(scenario: Any) -> tuple[int, int]:
    """Which row of which outline (its line) a scenario is made of; 0 and its own line for a plain one."""
    rows = getattr(scenario.parent, "scenarios", ())
    if scenario.parent is not None and scenario.parent.type == "scenario_outline":
        return next(number for number, item in enumerate(rows, start=1) if item is scenario), scenario.parent.line
    return 0, scenario.line
