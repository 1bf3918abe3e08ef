"""Protocol definitions, and the code that `python -m converge_cli.testing.wire_stubs` generates from them."""

ERROR_TRAILER = "converge-error-bin"
"""The trailing metadata in which an error comes whole, as JSON: code, message, hint, where."""
