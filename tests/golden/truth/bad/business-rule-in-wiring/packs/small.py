"""Writes a note."""

from converge_cli import Effect, FactModel, Suggestor

PACK = {
    "pack": "v1",
    "name": "small",
    "version": "1",
    "description": "Writes notes",
    "kinds": {"note": "Note"},
    "suggestors": ["Writer"],
}


class Note(FactModel, frozen=True):
    """A note."""

    text: str


class Writer(Suggestor):
    """Writes one note."""

    name = "writer"
    writes = ("Signals:note:*",)

    def execute(self, view):
        """Propose the note."""
        return Effect([view.propose("Signals", "note:one", Note("hello"))])
