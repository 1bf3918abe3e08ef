"""Packs: from a folder or a file to suggestors, kinds and gates. Must never leave a half-loaded module behind."""
