from converge_cli import Effect, Suggestor

from .facts import Greeting


class Greeter(Suggestor):
    name = "greeter"
    writes = ("Signals:greeting:*",)

    def __init__(self, parameters):
        pass

    def execute(self, view):
        return Effect([view.propose("Signals", "greeting:you", Greeting(text="Hello."))])
