"""A user's own greenhouse to add scenarios to, and short ways to run them."""

import asyncio
import shutil
from pathlib import Path

from converge_cli.app.examples.run_examples import run_truth_examples
from converge_cli.app.examples.truth_examples import ExampleOutcome, TruthExamples
from converge_cli.app.services import Services
from converge_cli.bootstrap import make_services
from converge_cli.settings import Settings
from converge_cli.truth.catalog import TruthLocation, find_truth

ROOT = Path(__file__).resolve().parents[3]
GREENHOUSE = ROOT / "docs" / "examples" / "custom-agent"
RUNS = "When the truth runs to convergence"
MET = 'Then the stop reason is "CriteriaMet"'


class Project:
    """A user's own greenhouse, with whatever scenarios a test adds."""

    def __init__(self, folder: Path) -> None:
        shutil.copytree(GREENHOUSE, folder)
        self.folder = folder
        self.truth = folder / "truths" / "custom-agent" / "truth.yaml"
        self.feature = folder / "features" / "custom-agent.feature"
        self.services: Services = make_services(folder, settings=Settings("memory", folder / "store", None))

    @property
    def location(self) -> TruthLocation:
        """Where the truth is."""
        return find_truth("custom-agent", self.folder, self.services.shipped)

    def run(self, *scenarios: str) -> TruthExamples:
        """All runs, with these scenarios added."""
        self.feature.write_text(self.feature.read_text() + "".join(f"\n{text}" for text in scenarios))
        return asyncio.run(run_truth_examples(self.services, self.location))

    def example(self, *steps: str) -> ExampleOutcome:
        """What one more example of these steps comes to."""
        lines = "\n".join(f"    {step}" for step in steps)
        return self.run(f"  @e2e\n  Scenario: One more\n{lines}\n").outcomes[-1]


def details(outcome: ExampleOutcome) -> list[str]:
    """What does not hold, in words."""
    return [check.detail for check in outcome.checks if not check.ok]


def clause(examples: TruthExamples, name: str) -> tuple[str, str]:
    """Verdict and detail of a rule."""
    return next((item.verdict, item.detail) for item in examples.clauses if item.id == name)


def litres(bed: str, amount: int) -> str:
    """A Then about one bed."""
    return f'And fact "watering:{bed}" under key "Strategies" has field "litres" {amount}'
