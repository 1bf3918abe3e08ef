"""What the holder of a credential may do at a service. Who may approve what is the truth's to say, never a role's."""

from enum import StrEnum


class Role(StrEnum):
    """What a key or token lets its holder do."""

    SUBMIT = "submit"
    """Submit jobs; see, cancel and resume one's own."""
    DECIDE = "decide"
    """See the jobs that wait for one's decision, and decide as oneself."""
    READ = "read"
    """See every job, and the metrics."""
    OPERATE = "operate"
    """See, cancel and resume every job; submit for another principal."""
