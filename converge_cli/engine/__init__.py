"""The engine: promotes proposals to facts through gates, to a fixed point. Knows jobs, not truths; does no I/O."""
