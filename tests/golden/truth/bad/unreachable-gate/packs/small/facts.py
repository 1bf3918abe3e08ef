"""What a note is."""

from converge_cli import FactModel


class Note(FactModel, frozen=True):
    """A note."""

    text: str
    price: int = 0
