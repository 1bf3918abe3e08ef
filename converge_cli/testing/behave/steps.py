"""The step for features/steps/: one definition that takes every sentence of a truth, since the compiler knows them.

A sentence that the compiler does not know fails its scenario with the compiler's findings; it is never undefined.
"""

from typing import Any

from converge_cli.testing.behave.claim import claim_sentences

__all__: list[str] = []


def judged(context: Any) -> None:
    """Pass or fail as the runs of the truth have shown.

    Raises:
        AssertionError: with what is so instead.
    """
    judgement = getattr(context, "converge", None)
    current = getattr(context, "converge_step", None)
    if judgement is None or current is None:
        raise AssertionError(
            "features/environment.py does not import the hooks; write: from converge_cli.testing.behave.hooks import *"
        )
    fault = judgement.fault(current.step_type, current.line)
    if fault:
        raise AssertionError(fault)


claim_sentences(judged)
