"""What waits for people in the jobs of a service: of those that a caller may see, what the caller may decide."""

from converge_cli.app.inbox import Inbox, inbox
from converge_cli.app.jobs.caller import Caller, Role
from converge_cli.app.jobs.job_setting import JobSetting
from converge_cli.app.load_truth import UnknownPersonError
from converge_cli.core.job_queue import JobNotFoundError

_NOTHING = Inbox((), (), ())


def job_inbox(setting: JobSetting, caller: Caller, *, who: str | None = None, role: str | None = None) -> Inbox:
    """Look at the jobs that have paused; see `inbox`. Runs that are no jobs of this service are left to their users.

    Args:
        who: a person's id: only what this person may decide; the caller's own where it may not see every job.
        role: only what this role decides.

    Raises:
        ForbiddenError: the caller may decide nothing, or asks for another person's.
        UnknownPersonError: the caller sees every job, and nobody of that id is among the people of any that waits.
    """
    if not caller.sees_all():
        caller.require(Role.DECIDE, "see what waits for decisions")
        who = caller.speaks_for(who or caller.person)
    try:
        found = inbox(setting.services, who=who, role=role)
    except UnknownPersonError:
        if caller.sees_all():
            raise
        return _NOTHING  # nothing waits for them, and who else there is is not theirs to know
    return Inbox(
        tuple(item for item in found.waiting if _is_job(setting, item.row.run)),
        tuple(row for row in found.ready if caller.sees_all() and _is_job(setting, row.run)),
        found.unreadable if caller.sees_all() else (),
    )


def _is_job(setting: JobSetting, run: str) -> bool:
    try:
        setting.queue.job(run)
    except JobNotFoundError:
        return False
    return True
