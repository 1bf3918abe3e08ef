"""The suggestors of lending: applications in, one decision with its reasons for each out."""

from .audit import Audit
from .decision import Lend, Settle
from .evaluation import Assess, PassGates, evaluators

__all__ = ["Assess", "Audit", "Lend", "PassGates", "Settle", "evaluators"]
