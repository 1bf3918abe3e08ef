"""What hello's facts hold: one frozen model per kind."""

from converge_cli import FactModel


class Greeting(FactModel, frozen=True):
    """Somebody is greeted; kind `greeting`."""

    to: str
    text: str


class Reply(FactModel, frozen=True):
    """A greeting comes back; kind `echo`. `answers` is the id of the greeting."""

    answers: str
    text: str
