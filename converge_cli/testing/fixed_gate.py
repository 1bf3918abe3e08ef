"""A flow gate that gives one answer, and remembers what it was asked."""

from converge_cli.core.flow_gate import FlowGateDecision, FlowQuestion


class FixedGate:
    """The FlowGate port for tests.

    Args:
        decision: the answer to every question.

    Attributes:
        questions: what was asked, in order.
    """

    def __init__(self, decision: FlowGateDecision) -> None:
        self._decision = decision
        self.questions: list[FlowQuestion] = []

    def decide(self, question: FlowQuestion) -> FlowGateDecision:
        """The answer."""
        self.questions.append(question)
        return self._decision
