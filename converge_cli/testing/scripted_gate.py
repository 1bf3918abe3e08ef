"""A flow gate that answers by resource, one answer after the other."""

from collections.abc import Mapping, Sequence

from converge_cli.core.flow_gate import FlowGateDecision, FlowQuestion

UNSCRIPTED = FlowGateDecision(outcome="REJECT", source="error", detail="the script has no answer for this resource")


class ScriptedGate:
    """The FlowGate port for tests. What is not in the script is refused, as policy would.

    Args:
        script: resource id -> its answers in order; the last one is repeated.

    Attributes:
        questions: what was asked, in order.
    """

    def __init__(self, script: Mapping[str, Sequence[FlowGateDecision]]) -> None:
        self._left = {resource: list(answers) for resource, answers in script.items()}
        self.questions: list[FlowQuestion] = []

    def decide(self, question: FlowQuestion) -> FlowGateDecision:
        """The next answer for the resource."""
        self.questions.append(question)
        answers = self._left.get(question.request.resource.id, [])
        if not answers:
            return UNSCRIPTED
        return answers.pop(0) if len(answers) > 1 else answers[0]
