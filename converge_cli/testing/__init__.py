"""The public test kit: what adapters, packs and truths are tested with."""
