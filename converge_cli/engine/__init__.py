"""The engine: promotes proposals to facts through gates, to a fixed point. Knows jobs, never truths; no I/O of its own."""
