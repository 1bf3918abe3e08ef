"""What the suggestors of invoices and periods read and write."""

DRAFTS = "Seeds:draft:*"
LINES = "Seeds:line:*"
CUSTOMERS = "Seeds:customer:*"
REVIEWS = "Evaluations:review:*"
INVOICES = "Strategies:invoice:*"
CUSTOMER_VALIDATED = "customer_validated"
LINES_BALANCED = "line_items_balanced"

TERMS = "Seeds:term:*"
ENTRIES = "Seeds:entry:*"
MOVEMENTS = "Seeds:movement:*"
RECONCILIATIONS = "Evaluations:reconciliation:*"
PERIODS = "Strategies:period:*"
RECONCILED = "reconciliation_complete"

INVOICE_BREACHES = "Diagnostic:breach:invoice:*"
PERIOD_BREACHES = "Diagnostic:breach:period:*"
