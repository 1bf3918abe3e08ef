"""The vocabulary: frozen values and ports. Does no I/O, reads no clock, draws no randomness."""
