"""Truths as pages: every clause leads to the line that keeps it, every check to the examples that speak of it."""

from pathlib import Path
from typing import Any

import pytest
from greenhouse_project import ROOT

from converge_cli.app.new.init_project import init_project
from converge_cli.app.services import Services
from converge_cli.app.show_pack import show_pack
from converge_cli.app.show_truth import show_truth
from converge_cli.bootstrap import make_services
from converge_cli.settings import Settings

HEADINGS = ("Scenario", "Scenario Outline")
SHIPPED = sorted(path.parent.name for path in ROOT.glob("truths/*/truth.yaml"))


def services_in(folder: Path) -> Services:
    """Somebody stands in a folder."""
    return make_services(folder, settings=Settings("memory", folder / "store", None))


def line_at(place: str) -> str:
    """The line that `file:line` names."""
    file, _, number = place.rpartition(":")
    return (ROOT / file).read_text().splitlines()[int(number) - 1]


@pytest.mark.parametrize("key", SHIPPED)
def test_every_part_of_a_page_leads_to_the_line_that_declares_it(key: str) -> None:
    """An item's line names it; a scenario's line is its heading."""
    page = show_truth(services_in(ROOT), key)
    parts = [part for name in ("clauses", "checks", "approvals", "criteria") for part in page.get(name, ())]
    named = [(part["id"], line_at(part["declared"])) for part in parts]
    kept = [(part["check"], line_at(part["check_declared"])) for part in page["clauses"] if part["check"]]

    assert parts
    assert [] == [
        (name, line)
        for name, line in [*named, *kept]
        if name.removeprefix("required_") not in line and not line.strip().startswith("Scenario")
    ]
    assert page["examples"]
    assert [] == [
        item
        for item in page["examples"]
        if line_at(item["declared"]).strip() not in {f"{word}: {item['title']}" for word in HEADINGS}
    ]


def by_id(items: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Items by their ids."""
    return {item["id"]: item for item in items}


def test_a_job_shows_who_decides_what_is_merged_and_what_each_example_speaks_of() -> None:
    """Vendor selection, with a policy and an invariant truth merged in."""
    page = show_truth(services_in(ROOT), "vendor-selection")
    clauses, checks, approvals = by_id(page["clauses"]), by_id(page["checks"]), by_id(page["approvals"])
    rejecting = "a_recommendation_that_persuades_is_rejected"

    assert ("job", "petra", ["defensible-ranking", "spend-control"]) == (
        page["kind"],
        page["principal"],
        page["merged"],
    )
    assert ("recommended_is_compliant", None) == (
        clauses["noncompliant_recommended"]["check"],
        clauses["noncompliant_recommended"]["deferred"],
    )
    assert ["mona", "sofia"] == [person["id"] for person in approvals["vendor_commitment"]["holders"]]
    assert [rejecting] == checks["recommendations_state_findings"]["examples"]
    assert "a_non_compliant_recommendation_stops_the_run" in checks["recommended_is_compliant"]["examples"]
    assert ["recommendations_state_findings"] == [
        name for name in by_id(page["examples"])[rejecting]["names"] if name in checks
    ]


def test_a_job_shows_how_the_entities_of_a_kind_may_move() -> None:
    """Where they begin, what is final, and what each move needs."""
    (machine,) = show_truth(services_in(ROOT), "expense-approval")["entity_states"]

    assert ("outcome", "result", ["committed", "rejected"], ["committed"]) == (
        machine["kind"],
        machine["field"],
        machine["initial"],
        machine["final"],
    )
    assert {"from": "rejected", "to": "reopened", "gates": ["receipt"], "role": None} == machine["transitions"][0]


def test_a_policy_shows_what_it_brings_and_where_it_applies() -> None:
    """And nothing of the job that it is merged into."""
    page = show_truth(services_in(ROOT), "spend-control")

    assert ("policy", ["vendor-selection"]) == (page["kind"], page["applies_to"])
    assert {"required_large_spend", "spend_is_deserved", "spend_names_its_vendor"} == set(by_id(page["checks"]))
    assert {"large_spend"} == set(by_id(page["approvals"]))
    assert {"features/spend-control.feature"} == {item["declared"].rpartition(":")[0] for item in page["examples"]}


def test_a_policy_that_applies_to_nothing_is_shown_all_the_same(tmp_path: Path) -> None:
    """With empty lists."""
    init_project(tmp_path)
    truth = tmp_path / "truths" / "lonely" / "truth.yaml"
    truth.parent.mkdir()
    truth.write_text("truth: v1\nkey: lonely\nkind: policy\napplies_to: [nobody]\ntitle: Nothing is bound by this\n")
    page = show_truth(services_in(tmp_path), "lonely")

    assert ("Nothing is bound by this", [], [], []) == (
        page["title"],
        page["applies_to"],
        page["clauses"],
        page["checks"],
    )


def test_a_pack_shows_what_maps_hold_and_what_a_parameter_is_by_default() -> None:
    """The models inside kinds and parameters are told once each."""
    page = show_pack(services_in(ROOT), "procurement")

    assert {"type": "map of str to Bands", "required": False, "default": {}} == page["parameters"]["bands"]
    assert ("decimal", "5") == (
        page["parameters"]["minimum_years"]["type"],
        page["parameters"]["minimum_years"]["default"],
    )
    assert "map of str to decimal" == page["kinds"]["ranking"]["weights"]
    assert {"Bands", "RankedVendor", "Step"} == set(page["models"])
    assert ['every vendor is scored on "criterion"'] == page["steps"]
