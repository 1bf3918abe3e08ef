"""What the context says of passed gates: facts `passed:<gate>:<name>` under Evaluations. Must never judge why."""

from converge_cli.core.context import Context
from converge_cli.core.context_key import ContextKey
from converge_cli.core.fact import Fact

_KEY = ContextKey.EVALUATIONS.value

ANY_PASSED = f"{_KEY}:passed:*"
"""Selector of everything that is said to be passed."""


def passed_selector(gate: str) -> str:
    """Selector of what is said to have passed a gate."""
    return f"{_KEY}:passed:{gate}:*"


def passed_subject(gate: str, name: str) -> str:
    """The subject that says whether the thing of a name has passed a gate."""
    return f"passed:{gate}:{name}"


def passing(context: Context, subject: str) -> Fact | None:
    """What stands for such a subject, also when it says that the gate is passed no longer."""
    return context.current(_KEY, subject)


def is_passed(context: Context, gate: str, name: str) -> bool:
    """Whether the thing of a name has passed a gate, and still has."""
    fact = passing(context, passed_subject(gate, name))
    return fact is not None and bool(fact.payload.holds)
