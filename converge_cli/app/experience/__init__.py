"""The record across runs: asked, counted, exported."""
