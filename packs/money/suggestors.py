"""The suggestors of invoices and periods. They share facts, never calls."""

from .audit import AuditInvoices, AuditPeriods
from .closing import Close, OpenPeriod, Reconcile
from .issuance import Draft, Issue, ReviewDraft

__all__ = ["AuditInvoices", "AuditPeriods", "Close", "Draft", "Issue", "OpenPeriod", "Reconcile", "ReviewDraft"]
