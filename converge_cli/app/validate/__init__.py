"""Validating: which files there are, what each is checked for, what counts, what is mended."""
