"""The two suggestors. Neither knows the other: all that they share is the context."""

from converge_cli import ContextView, Effect, Suggestor

from .facts import Greeting, Reply


class Greeter(Suggestor):
    """Greets the world. It reads nothing, so it is due once, in the first cycle."""

    name = "greeter"
    writes = ("Signals:greeting:*",)

    def __init__(self, parameters: None) -> None:
        """Hello takes no parameters."""

    def execute(self, view: ContextView) -> Effect:
        """Propose one greeting; whether it becomes a fact is the engine's decision."""
        return Effect([view.propose("Signals", "greeting:world", Greeting(to="world", text="Hello, world."))])


class Echo(Suggestor):
    """Answers every greeting that has no answer yet, whoever it came from and however late."""

    name = "echo"
    reads = ("Signals:greeting:*",)
    writes = ("Evaluations:echo:*",)

    def __init__(self, parameters: None) -> None:
        """Hello takes no parameters."""

    def execute(self, view: ContextView) -> Effect:
        """Propose one answer per unanswered greeting, with the greeting as its evidence."""
        unanswered = view.missing(each="Signals:greeting:*", output="Evaluations:echo:{name}")
        return Effect(
            view.propose(
                "Evaluations",
                f"echo:{greeting.name}",
                Reply(answers=greeting.id, text=greeting.payload.text),
                evidence=[greeting],
            )
            for greeting in unanswered
        )
