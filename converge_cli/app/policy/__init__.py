"""Policies without a run: check, decide, try, tables of cases."""
