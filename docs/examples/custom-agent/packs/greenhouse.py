"""Which beds get water today. One file is a whole pack: models, parameters, one suggestor, and PACK at the end."""

from decimal import Decimal

from converge_cli import ContextView, Effect, Fact, FactModel, Parameters, ProposedFact, Suggestor, require_number


class Reading(FactModel, frozen=True):
    """What a sensor said about a bed this morning; moisture in percent."""

    bed: str
    crop: str
    moisture: Decimal
    area_m2: Decimal

    def __post_init__(self) -> None:
        require_number("moisture", self.moisture, least=0, most=100)
        if not (self.area_m2.is_finite() and self.area_m2 > 0):
            raise ValueError(f"area_m2 is more than 0, not {self.area_m2}")


class Watering(FactModel, frozen=True):
    """What a bed gets; 0 litres is a decision too."""

    bed: str
    reading: str
    litres: Decimal
    reason: str


class GreenhouseParameters(Parameters, frozen=True):
    """What the gardener decided beforehand.

    Attributes:
        dry_below: moisture, in percent, under which a bed is watered.
        litres_per_m2: how much a dry bed gets.
    """

    dry_below: Decimal = Decimal(30)
    litres_per_m2: Decimal = Decimal(4)

    def __post_init__(self) -> None:
        if not (0 < self.dry_below <= 100 and self.litres_per_m2 > 0):
            raise ValueError("dry_below is a percentage above 0 and litres_per_m2 is more than 0")


class WateringAdvisor(Suggestor):
    """Decides for every bed that has a reading and no decision yet."""

    name = "watering-advisor"
    reads = ("Seeds:reading:*",)
    writes = ("Strategies:watering:*",)

    def __init__(self, parameters: GreenhouseParameters) -> None:
        self._parameters = parameters

    def execute(self, view: ContextView) -> Effect:
        """Propose one decision per undecided bed, with its reading as the evidence."""
        undecided = view.missing(each="Seeds:reading:*", output="Strategies:watering:{name}")
        return Effect(self._decide(view, reading) for reading in undecided)

    def _decide(self, view: ContextView, fact: Fact) -> ProposedFact:
        reading: Reading = fact.payload
        dry = reading.moisture < self._parameters.dry_below
        side = "below" if dry else "not below"
        decision = Watering(
            bed=reading.bed,
            reading=fact.id,
            litres=reading.area_m2 * self._parameters.litres_per_m2 if dry else Decimal(0),
            reason=f"moisture {reading.moisture} % is {side} {self._parameters.dry_below} %",
        )
        return view.propose("Strategies", f"watering:{fact.name}", decision, evidence=[fact])


PACK = {
    "pack": "v1",
    "name": "greenhouse",
    "version": "0.1.0",
    "description": "Decides which beds are watered, and how much each gets",
    "suggestors": ["WateringAdvisor"],
    "kinds": {"reading": "Reading", "watering": "Watering"},
    "parameters": "GreenhouseParameters",
    "requires": {"converge": ">=0.1"},
}
