"""What is told of templates, and the schema of what may be submitted for one."""

import json
from pathlib import Path

import msgspec
import pytest
from jsonschema import Draft202012Validator
from serving import ROOT, drop_in, service, shelf_of

from converge_cli._internal.canonical_json import decode, encode
from converge_cli.app.jobs.submission import Submission
from converge_cli.app.templates.submission_schema import submission_schema
from converge_cli.app.templates.template_data import template_data, templates_data
from converge_cli.truth.catalog import TruthNotFoundError

JOBS = (
    "contract-execution", "expense-approval", "hello-convergence", "invoice-issuance", "loan-application",
    "period-close", "vendor-selection",
)  # fmt: skip
FITS = (
    {},
    {"inputs": {"vendors": {"name": "v.csv", "text": "id,name\n"}}},
    {"inputs": {"vendors": {"rows": [{"id": "acme", "name": "Acme", "price": 9.5, "compliant": True, "extra": "x"}]}}},
    {"inputs": {"vendors": {"files": {"a.json": {"text": "[]"}}}}},
    {"parameters": {"procurement": {"shortlist": 2, "weights": {"price": "0.5"}, "weights.risk": 1}}},
    {"budget": {"cycles": 3, "time": 2.5, "cost_usd": "1.20"}, "strict": True, "principal": "petra"},
    {"approvals": [{"point": "vendor_commitment", "by": "mona"}], "seeds": ["Seeds:text:note=hello"]},
)
MISFITS = (
    {"inputs": {"vendor": {"text": ""}}},
    {"inputs": {"vendors": {}}},
    {"inputs": {"vendors": {"rows": [{"id": "acme"}]}}},
    {"parameters": {"procurement": {"shortlist": "two"}}},
    {"parameters": {"procurement": {"shortlst": 2}}},
    {"budget": {"cycels": 3}},
    {"approvals": [{"point": "nobody"}]},
    {"nonsense": 1},
)


@pytest.fixture(scope="module")
def setting():
    """The service of this repository's own truths."""
    return service(ROOT)


def test_every_job_that_is_shipped_is_a_template(setting) -> None:
    """None is broken, and what they need is here."""
    rows = templates_data(setting.services, shelf_of(setting))
    assert [(name, False, True) for name in JOBS] == [
        (row["name"], row["broken"], row["requirements"]["met"]) for row in rows
    ]


@pytest.mark.parametrize("name", JOBS)
def test_what_is_told_of_a_template_is_plain_data_without_a_path_of_the_machine(setting, name: str) -> None:
    """It can be sent as it is."""
    data = template_data(setting.services, shelf_of(setting), name)
    text = encode(data)
    assert data == decode(text) | {"budget": data["budget"]}
    assert str(ROOT).encode() not in text
    Draft202012Validator.check_schema(data["schema"])


def test_a_template_tells_what_may_be_given_and_who_decides(setting) -> None:
    """Inputs with their columns, parameters with types, defaults and meaning, approval points, budget."""
    data = template_data(setting.services, shelf_of(setting), "vendor-selection")
    vendors, shortlist = data["inputs"][0], data["parameters"]["procurement"]["shortlist"]
    assert ("vendors", "vendor", "rows", "vendors.csv", False) == tuple(
        vendors[key] for key in ("name", "kind", "shape", "default", "required")
    )
    price = next(item for item in vendors["columns"] if item["name"] == "price")
    assert ("decimal", True, True) == (price["type"], price["required"], bool(price["description"]))
    assert {"type": "int", "required": False, "default": 3, "value": 3} == {
        key: shortlist[key] for key in ("type", "required", "default", "value")
    }
    assert shortlist["description"]
    assert {"vendor_commitment", "reinstatement", "large_spend"} == {item["id"] for item in data["approval_points"]}
    assert 50 == data["budget"]["cycles"]
    assert "Procurement Lead" == data["job"]["actor"]


@pytest.mark.parametrize("given", FITS)
def test_what_may_be_submitted_fits_the_schema(setting, given: dict[str, object]) -> None:
    """What the schema allows is read by the model that reads submissions, too."""
    body = {"truth": "vendor-selection", **given}
    schema = submission_schema(shelf_of(setting).load("vendor-selection"))
    assert [] == [error.message for error in Draft202012Validator(schema).iter_errors(body)]
    assert "vendor-selection" == msgspec.json.decode(json.dumps(body), type=Submission).name


@pytest.mark.parametrize("given", MISFITS)
def test_what_would_be_refused_does_not_fit_the_schema(setting, given: dict[str, object]) -> None:
    """A program finds out before it sends."""
    schema = submission_schema(shelf_of(setting).load("vendor-selection"))
    assert not Draft202012Validator(schema).is_valid({"truth": "vendor-selection", **given})


def test_a_broken_template_is_told_with_its_findings(tmp_path: Path) -> None:
    """Instead of what it asks for, which nobody knows."""
    drop_in(tmp_path / "truths", "bad").write_text("truth: v1\n")
    setting = service(tmp_path)
    data = template_data(setting.services, shelf_of(setting), "bad")
    assert (True, "TRUTH_INVALID", True) == (data["broken"], data["error"]["code"], bool(data["error"]["findings"]))
    assert "inputs" not in data


def test_a_shared_truth_is_told_as_a_truth_and_not_as_a_template(setting) -> None:
    """It can't be submitted."""
    with pytest.raises(TruthNotFoundError):
        template_data(setting.services, shelf_of(setting), "spend-control")
