"""Protocol definitions, and the code that `python -m converge_cli.testing.wire_stubs` generates from them."""
