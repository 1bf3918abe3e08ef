"""Use cases, one file a verb. Knows ports and the layers below; never a terminal, a socket or a concrete adapter."""
