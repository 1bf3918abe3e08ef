"""Procurement's suggestors: bids in, a ranked shortlist and one commitment out. They share facts, never calls."""

from .audit import Audit
from .commitment import Commit
from .evaluation import RequirementsCheck, evaluators
from .ranking import RankVendors
from .recommendation import Recommend
from .review import CompetitiveReview, DueDiligence
from .sensitivity import AnalyseSensitivity

__all__ = [
    "AnalyseSensitivity",
    "Audit",
    "Commit",
    "CompetitiveReview",
    "DueDiligence",
    "RankVendors",
    "Recommend",
    "RequirementsCheck",
    "evaluators",
]
