"""The record of one run: read, replayed, proved to others by a receipt."""
