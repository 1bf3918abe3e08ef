"""Steps for behave: the language of truths."""

from converge_cli.testing.behave.steps import *  # noqa: F403
