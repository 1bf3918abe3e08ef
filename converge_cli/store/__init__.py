"""Adapters of the Experience port: where runs are recorded. They know core alone, never each other's callers."""
