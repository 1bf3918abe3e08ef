"""A person decides what a job waits for: the same rules as at a terminal, with the person of the credential."""

import base64
import binascii
import math
from datetime import datetime

import msgspec

from converge_cli.app.decide_approval import DecisionAnswer, decide_approval
from converge_cli.app.jobs.caller import Caller, Role
from converge_cli.app.jobs.find_job import find_job
from converge_cli.app.jobs.job_setting import JobSetting
from converge_cli.core.approval import Decision
from converge_cli.core.errors import ConvergeError
from converge_cli.engine.decision import Statement

_CLOCKS_APART = 300
"""Seconds that the clock of who signed may differ from ours."""


class InvalidDecisionError(ConvergeError):
    """A decision lacks its reason, or its signature is none."""

    code = "DECISION_INVALID"


class DecisionRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a person says.

    Attributes:
        by: person id; the caller when it is left out.
        everything: of a point with several pending requests, decide all of them.
        decided_at: when it was signed, UTC as in events; only with `signature`.
        signature: base64 of the person's signature over the decision, for people who have a key.
    """

    decision: Decision
    reason: str
    by: str | None = None
    everything: bool = False
    decided_at: str | None = None
    signature: str | None = None


def decide_job(setting: JobSetting, caller: Caller, job: str, target: str, given: DecisionRequest) -> DecisionAnswer:
    """Record a decision; whoever drives the job goes on with it.

    Args:
        target: request id, point, or fact id.

    Raises:
        ForbiddenError: the caller may not decide, or not as that person.
        JobNotFoundError: there is no such job to be seen.
        UnknownRequestError, AmbiguousRequestError: see `decide_approval`.
        RunBusyError: the job is being driven just now.
        InvalidDecisionError: no reason, or a signature that is none.
    """
    caller.require(Role.DECIDE, "decide")
    who = caller.speaks_for(given.by or caller.person)
    seen = find_job(setting, caller, job)
    if not given.reason.strip():
        raise InvalidDecisionError("a decision needs a reason", hint='{"reason": "why"}', where="reason")
    signature = _signature(given)
    _check_time(setting, given)
    # Whoever runs the service never signs for others, whatever keys lie on its machine.
    said = Statement(given.decision, given.reason, "interactive", lambda _: signature, given.decided_at)
    return decide_approval(setting.services, seen.job.job, target, who, said, everything=given.everything)


def _signature(given: DecisionRequest) -> bytes:
    try:
        return base64.b64decode(given.signature or "", validate=True)
    except (binascii.Error, ValueError):
        raise InvalidDecisionError("signature is no base64", where="signature") from None


def _check_time(setting: JobSetting, given: DecisionRequest) -> None:
    if given.decided_at is None:
        return
    now = datetime.fromisoformat(setting.services.clock.now())
    try:
        off = abs((datetime.fromisoformat(given.decided_at) - now).total_seconds())
    except (ValueError, TypeError):
        off = math.inf
    if not given.signature or off > _CLOCKS_APART:
        raise InvalidDecisionError(
            f"decided_at goes with a signature, is UTC and at most {_CLOCKS_APART} seconds off; here it is {now}",
            hint="leave both away if you have no key",
            where="decided_at",
        )
