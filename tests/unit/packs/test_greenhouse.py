"""The pack of the user's own project under docs/examples/custom-agent."""

from decimal import Decimal
from types import ModuleType
from typing import Any

import pytest
from pack_bench import ROOT, Bench, load

FOLDER = ROOT / "docs" / "examples" / "custom-agent" / "packs"


@pytest.fixture(scope="module")
def greenhouse() -> ModuleType:
    """The one-file pack as a module."""
    return load("bench_custom", FOLDER, "greenhouse")["greenhouse"]


def reading(moisture: str, area: str = "2") -> dict[str, Any]:
    """A row of readings.csv."""
    return {"bed": "b", "crop": "tomato", "moisture": moisture, "area_m2": area}


@pytest.mark.parametrize(("moisture", "litres"), [("29.9", "8"), ("30", "0"), ("80", "0")])
def test_a_bed_is_watered_only_below_the_threshold(greenhouse: ModuleType, moisture: str, litres: str) -> None:
    """Not watering is a decision as well."""
    kinds = [("reading", greenhouse.Reading), ("watering", greenhouse.Watering)]
    bench = Bench(kinds, [greenhouse.WateringAdvisor(greenhouse.GreenhouseParameters())])
    bench.seed("reading:b", reading(moisture))
    bench.converge()

    actual = bench.current("Strategies", "watering:b")

    assert (Decimal(litres), "reading:b") == (actual.litres, actual.reading)


@pytest.mark.parametrize("row", [reading("101"), reading("-1"), reading("NaN"), reading("20", "0")])
def test_an_impossible_reading_is_refused(greenhouse: ModuleType, row: dict[str, Any]) -> None:
    """It never becomes a Seed."""
    import msgspec

    bench = Bench([("reading", greenhouse.Reading)], [])

    with pytest.raises(msgspec.ValidationError):
        bench.seed("reading:b", row)


def test_the_manifest_names_what_the_module_has(greenhouse: ModuleType) -> None:
    """Every name in PACK can be looked up in the file."""
    manifest = greenhouse.PACK
    names = [*manifest["suggestors"], *manifest["kinds"].values(), manifest["parameters"]]

    assert [name for name in names if not hasattr(greenhouse, name)] == []
