"""The suggestors of expense claims: claims and receipts in, one outcome for each claim out."""

from .audit import Audit
from .decision import Commit, Review, Validate
from .examination import Examine
from .settlement import Settle

__all__ = ["Audit", "Commit", "Examine", "Review", "Settle", "Validate"]
