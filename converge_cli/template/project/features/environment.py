"""Hooks for behave: the truths judge the scenarios."""

from converge_cli.testing.behave.hooks import *  # noqa: F403
