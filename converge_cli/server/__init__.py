"""Transports: what others reach over a network. Must hold no logic of its own."""
