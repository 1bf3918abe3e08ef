"""Explaining what was recorded, and the codes of findings."""
