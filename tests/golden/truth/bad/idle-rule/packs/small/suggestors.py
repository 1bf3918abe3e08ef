"""Who writes notes."""

from converge_cli import Effect, Suggestor

from .facts import Note


class Writer(Suggestor):
    """Writes one note."""

    name = "writer"
    writes = ("Signals:note:*",)

    def execute(self, view):
        """Propose the note."""
        return Effect([view.propose("Signals", "note:one", Note("hello"))])
