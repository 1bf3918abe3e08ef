"""The step library for behave: `behave` judges a feature as the truths that use it are run.

A project needs two files of one line each:

    features/environment.py             from converge_cli.testing.behave.hooks import *
    features/steps/converge_steps.py    from converge_cli.testing.behave.steps import *

The step language is that of truths; behave only walks through the scenarios. Must never judge anything itself.
"""
