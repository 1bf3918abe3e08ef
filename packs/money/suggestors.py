"""The suggestors of invoices and periods: lines and balances in, one outcome for each invoice and period out."""

from .closing import ClosePeriods
from .invoice_audit import AuditInvoices
from .issuance import IssueInvoices, NumberInvoices
from .period_audit import AuditPeriods
from .reconciliation import ReconcilePeriods
from .review import ReviewInvoices
from .settlement import SettleInvoices, SettlePeriods

__all__ = [
    "AuditInvoices",
    "AuditPeriods",
    "ClosePeriods",
    "IssueInvoices",
    "NumberInvoices",
    "ReconcilePeriods",
    "ReviewInvoices",
    "SettleInvoices",
    "SettlePeriods",
]
