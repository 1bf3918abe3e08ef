"""The mirror of runs in a ledger: copying, catching up, verifying."""
