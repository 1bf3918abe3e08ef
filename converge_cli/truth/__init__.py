"""Truths: text in, a compiled `core.job.Job` with diagnostics out. Never runs anything, never imports the engine."""
