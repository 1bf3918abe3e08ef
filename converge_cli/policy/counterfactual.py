"""What would unlock a refusal: ESCALATE names only approvals, an authority and people that would really help.

Knows nothing of Cedar: it asks the same question again with grants added. Must never be used on a request that
could not be judged.
"""

from collections.abc import Callable, Iterator
from itertools import combinations
from typing import NamedTuple

import msgspec

from converge_cli.core.flow_gate import GATES_MET, FlowGateInput, FlowQuestion, Principal, granted
from converge_cli.core.person import AUTHORITIES, Authority, at_least


class Verdict(NamedTuple):
    """What policy says to one request.

    Attributes:
        allowed: true only for an Allow without any error.
        rules: ids of the rules that decided.
        error: why it could not be judged, or "".
    """

    allowed: bool
    rules: tuple[str, ...]
    error: str = ""


class Unlock(NamedTuple):
    """The first thing that helps: these approvals, by somebody of at least this authority (None: as it is)."""

    approvals: tuple[str, ...]
    authority: Authority | None
    rules: tuple[str, ...]


Judge = Callable[[FlowGateInput], Verdict]


def find_unlock(question: FlowQuestion, judge: Judge) -> Unlock | None:
    """Try every set of grants, the smallest first, as the principal is and then at each higher authority.

    Returns:
        The first that is allowed, or None when nothing that people could give would help.
    """
    request = question.request
    for authority in (None, *_higher(request.principal.authority)):
        asked = request if authority is None else _as_authority(request, authority)
        for points in _point_sets(question, smallest=1 if authority is None else 0):
            grants = tuple(question.grants[point] for point in points)
            verdict = judge(granted(asked, question.requires, grants))
            if verdict.allowed:
                return Unlock(points, authority, verdict.rules)
    return None


def changing(question: FlowQuestion) -> frozenset[str]:
    """The attributes of the request to which grants, or a higher authority, could give other values."""
    grants = question.grants.values()
    context = [f"context.{name}" for grant in grants for name in grant.context]
    gates = ["resource.gates_passed", f"context.{GATES_MET}"] if any(grant.gates for grant in grants) else []
    return frozenset(["principal.authority", *context, *gates])


def in_vain(question: FlowQuestion, unlock: Unlock, judge: Judge) -> tuple[str, ...]:
    """The people of the authority that is asked for with whom it would stay refused all the same, by id.

    Each is put in the principal's place, as a run does with who gives the authority, with the approvals given.
    """
    if unlock.authority is None:
        return ()
    grants = tuple(question.grants[point] for point in unlock.approvals)
    asked = granted(question.request, question.requires, grants)
    standing = (person for _, person in sorted(question.people.items()) if at_least(person.authority, unlock.authority))
    tried = ((one.id, Principal(one.id, one.authority, one.domains)) for one in standing)
    return tuple(name for name, who in tried if not judge(msgspec.structs.replace(asked, principal=who)).allowed)


def _point_sets(question: FlowQuestion, *, smallest: int) -> Iterator[tuple[str, ...]]:
    points = sorted(question.grants)
    for size in range(smallest, len(points) + 1):
        yield from combinations(points, size)


def _higher(authority: Authority) -> tuple[Authority, ...]:
    return AUTHORITIES[AUTHORITIES.index(authority) + 1 :]


def _as_authority(request: FlowGateInput, authority: Authority) -> FlowGateInput:
    principal = msgspec.structs.replace(request.principal, authority=authority)
    return msgspec.structs.replace(request, principal=principal)
