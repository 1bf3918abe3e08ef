"""The OpenAPI document: it covers every route, says exactly what is answered, and a client made from it alone works."""

import json
import os
import re
from collections.abc import Iterator
from functools import partial
from typing import Any
from urllib.parse import quote

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks

EXAMPLES = 400 if os.environ.get("CONVERGE_FULL") else 12
OPEN = {"EventPage", "Explanation", "Problem", "TruthPage"}
"""Models that say by their words that more may stand there."""
SERVED = {
    "GET /health", "GET /ready", "GET /metrics", "GET /api-docs/openapi.json",
    "POST /api/v1/jobs", "GET /api/v1/jobs", "GET /api/v1/jobs/{job}", "GET /api/v1/jobs/{job}/stream",
    "POST /api/v1/jobs/{job}/tickets", "POST /api/v1/jobs/{job}/approvals/{request}", "POST /api/v1/jobs/{job}/cancel",
    "POST /api/v1/jobs/{job}/resume", "GET /api/v1/jobs/{job}/events", "GET /api/v1/jobs/{job}/facts/{fact}",
    "GET /api/v1/jobs/{job}/explain", "GET /api/v1/jobs/{job}/receipt", "GET /api/v1/jobs/{job}/blobs/{digest}",
    "GET /api/v1/inbox", "GET /api/v1/templates", "GET /api/v1/templates/{name}",
    "GET /api/v1/truths", "GET /api/v1/truths/{name}", "GET /api/v1/packs",
    "GET /api/v1/packs/{name}", "POST /api/v1/validate",
}  # fmt: skip
CHECKS = (
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
)


def operations(document: Any) -> dict[str, Any]:
    """Method and path -> operation."""
    return {
        f"{method.upper()} {path}": operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }


def strict(document: Any) -> Any:
    """The document, with models that allow nothing which they do not name."""
    for name, schema in document["components"]["schemas"].items():
        if name not in OPEN and "properties" in schema:
            schema["additionalProperties"] = False
    return document


def test_every_route_is_in_the_document_under_a_name_of_its_own(served: Any):
    """The list is pinned: a route that goes is missed by somebody."""
    found = operations(served.get("/api-docs/openapi.json"))
    assert SERVED == set(found)
    names = [operation["operationId"] for operation in found.values()]
    assert len(names) == len(set(names))
    assert [] == [name for name in names if not re.fullmatch("[a-z][A-Za-z]+", name)]


def test_every_operation_says_what_it_answers_and_what_goes_wrong(served: Any):
    """With a schema for each body of JSON, and problems for every error."""
    for name, operation in operations(served.get("/api-docs/openapi.json")).items():
        assert operation["summary"], name
        for status, answer in operation["responses"].items():
            if int(status) >= 400 and name != "GET /ready":
                assert ["application/problem+json"] == list(answer["content"]), (name, status)
            assert all(content["schema"] for content in answer["content"].values()), (name, status)


def test_answers_are_exactly_as_the_document_says(served: Any):
    """Of a job that waited for people and one that failed: nothing more, nothing less, nothing else."""
    document = strict(served.get("/api-docs/openapi.json"))
    job = served.submit("vendor-selection")
    served.rested(job)
    here = f"/api/v1/jobs/{job}"
    fact = served.get(here)["result"]["facts"][0]["id"]
    yes = {"decision": "approved", "reason": "ok", "by": "mona"}
    answers = {
        "JobData": [served.get(here)],
        "JobPage": [served.get("/api/v1/jobs")],
        "InboxData": [served.get("/api/v1/inbox")],
        "FactData": [served.get(f"{here}/facts/{fact}")],
        "EventPage": [served.get(f"{here}/events")],
        "Explanation": [served.get(f"{here}/explain")],
        "Ready": [served.get("/ready")],
        "Alive": [served.get("/health")],
        "TruthList": [served.get("/api/v1/truths")],
        "TruthPage": [served.get(f"/api/v1/truths/{line['key']}") for line in served.get("/api/v1/truths")["truths"]],
        "TemplateList": [served.get("/api/v1/templates")],
        "TemplatePage": [
            served.get(f"/api/v1/templates/{line['name']}") for line in served.get("/api/v1/templates")["templates"]
        ],
        "Validation": [
            served.post("/api/v1/validate", {"feature": "Feature: x\n  Scenario: y\n    Givn z\n"}, 200),
            served.post("/api/v1/validate", {"truth": "truth: v1\nkey: small\n"}, 200),
        ],
        "PackList": [served.get("/api/v1/packs")],
        "PackPage": [served.get(f"/api/v1/packs/{line['name']}") for line in served.get("/api/v1/packs")["packs"]],
        "Ticket": [served.post(f"{here}/tickets", None, 201)],
        "DecisionData": [
            served.post(f"{here}/approvals/vendor_commitment", yes | {"by": "petra"}, 200),
            served.post(f"{here}/approvals/vendor_commitment", yes, 200),
        ],
        "Problem": [served.get("/api/v1/jobs/nope", 404), served.post("/api/v1/jobs", {"truth": "x", "y": 1}, 422)],
    }
    answers["JobData"].append(served.rested(job))
    for name, given_answers in answers.items():
        validator = Draft202012Validator({**document, "$ref": f"#/components/schemas/{name}"})
        for answer in given_answers:
            assert [] == [f"{error.json_path}: {error.message}" for error in validator.iter_errors(answer)], name


def test_what_each_template_takes_is_in_the_document(served: Any):
    """A schema for each, as its own page gives it."""
    schemas = served.get("/api-docs/openapi.json")["components"]["schemas"]
    for line in served.get("/api/v1/templates")["templates"]:
        page = served.get(f"/api/v1/templates/{line['name']}")
        assert page["schema"] == schemas[f"Submission.{line['name']}"]
        Draft202012Validator(page["schema"]).validate({"truth": line["name"]})
        assert "[]" not in [json.dumps(choices) for choices in _found("enum", page["schema"])]
    assert "TRUTH_NOT_FOUND" == served.get("/api/v1/templates/nope", 404)["code"]


def test_examples_of_bodies_are_what_they_are_examples_of(served: Any):
    """By their own schema, and the server takes them."""
    document = served.get("/api-docs/openapi.json")
    for name, operation in operations(document).items():
        content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
        for example in content.get("examples", {}).values():
            validator = Draft202012Validator({**document, **content["schema"]})
            assert [] == list(validator.iter_errors(example["value"])), name
    for example in operations(document)["POST /api/v1/jobs"]["requestBody"]["content"]["application/json"][
        "examples"
    ].values():
        served.post("/api/v1/jobs", example["value"], 202)


def _found(name: str, schema: Any) -> Iterator[Any]:
    """Every value of a word of JSON Schema; a choice among nothing is none, and generators refuse it."""
    parts = schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ()
    if isinstance(schema, dict) and name in schema:
        yield schema[name]
    for part in parts:
        yield from _found(name, part)


class Generated:
    """A client made of the document alone: a method for each operation, with its parameters by name and its body."""

    def __init__(self, document: Any, http: Any) -> None:
        for name, operation in operations(document).items():
            setattr(self, operation["operationId"], partial(self._call, http, *name.split(" "), operation))

    def _call(self, http: Any, method: str, path: str, operation: Any, body: Any = None, **given: Any) -> Any:
        known = {parameter["name"]: parameter["in"] for parameter in operation.get("parameters", ())}
        assert given.keys() <= known.keys()
        assert {name for name, place in known.items() if place == "path"} <= given.keys()
        for name in [name for name in given if known[name] == "path"]:
            path = path.replace(f"{{{name}}}", quote(given.pop(name), safe=""))
        query = {name: value for name, value in given.items() if known[name] == "query"}
        headers = {name: value for name, value in given.items() if known[name] == "header"}
        answer = http.request(method, path, params=query, headers=headers, json=body)
        content = operation["responses"][str(answer.status_code)]["content"]
        assert answer.headers["content-type"].partition(";")[0] in content
        return answer.json()


def test_a_client_generated_from_the_document_submits_decides_and_reads(served: Any):
    """Nothing but what the document says is known to it."""
    client: Any = Generated(served.get("/api-docs/openapi.json"), served.http)
    job = client.submitJob({"truth": "vendor-selection"}, **{"Idempotency-Key": "one"})["job_id"]
    assert job == client.submitJob({"truth": "vendor-selection"}, **{"Idempotency-Key": "one"})["job_id"]
    served.rested(job)
    [waiting] = client.getInbox(person="mona")["waiting"]
    yes = {"decision": "approved", "reason": "ok", "by": "mona"}
    assert [] == client.decideRequest(yes, job=job, request=waiting["request"])["refusals"]
    served.rested(job)
    assert "CriteriaMet" == client.getJob(job=job)["outcome"]
    assert 2 == len(client.listEvents(job=job, after=3, limit=2)["events"])
    fact = client.getJob(job=job)["result"]["facts"][0]
    assert fact == client.getFact(job=job, fact=fact["id"])
    assert "JOB_NOT_OPEN" == client.cancelJob(job=job)["code"]


@pytest.mark.timeout(1500)
@pytest.mark.parametrize("name", sorted(SERVED))
def test_no_request_breaks_the_server_or_the_document(served: Any, name: str):
    """Requests that fit and that do not, on jobs that are there and that are not."""
    method, path = name.split(" ")
    jobs = [served.submit("vendor-selection"), served.submit()] if "{job}" in path else []
    for job in jobs:
        served.rested(job)
    schema = schemathesis.openapi.from_dict(served.get("/api-docs/openapi.json"))
    for mode in _modes(schema[path][method]):
        _fuzz(served.url, schema[path][method].as_strategy(mode), jobs)
    assert [] == [line for line in served.noted if "Traceback" in line]


def _modes(operation: Any) -> list[GenerationMode]:
    """What takes nothing can't be given anything that does not fit."""
    takes = operation.body or any(operation.definition.raw.get("parameters", ()))
    return [GenerationMode.POSITIVE, GenerationMode.NEGATIVE] if takes else [GenerationMode.POSITIVE]


def _fuzz(url: str, cases: Any, jobs: list[str]) -> None:
    @settings(
        max_examples=EXAMPLES, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck)
    )
    @given(case=cases, job=st.sampled_from([*jobs, None]))
    def fuzz(case: Any, job: str | None) -> None:
        if job is not None and "job" in (case.path_parameters or {}):
            case.path_parameters["job"] = job
        if case.path.endswith("/stream"):
            case.query = {**(case.query or {}), "until": "pause"}
        case.call_and_validate(base_url=url, checks=CHECKS, timeout=30)

    fuzz()
