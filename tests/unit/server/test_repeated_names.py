"""A name that stands twice in an object: found wherever it stands, told with its place, taken by no door."""

import json
import time
from typing import Any

import pytest

from converge_cli.server.grpc_messages import json_of
from converge_cli.server.repeated_names import check_names
from converge_cli.server.request_errors import RequestMalformedError


@pytest.mark.parametrize(
    ("text", "name", "where"),
    [
        ('{"a": 1, "a": 1}', "a", "$.a"),
        ('{"truth": "x", "b": {"c": [1, {"d": 1, "d": 2}]}}', "d", "$.b.c[1].d"),
        ('[[{}], [{"a": [], "\\u0061": []}]]', "a", "$[1][0].a"),
        ('{"a": {"b": 1}, "c": 1, "a": {"b": 2, "b": 3}}', "a", "$.a"),
        ('{"": 1, "": 2}', "", "$."),
        ('{"a.b": 1, "a.b": 2}', "a.b", "$.a.b"),
    ],
)
def test_a_name_that_stands_twice_is_told_with_its_place(text: str, name: str, where: str):
    """However it is written."""
    with pytest.raises(RequestMalformedError) as refused:
        check_names(text.encode())
    assert (f"{name!r} is given twice in one object", where) == (refused.value.message, refused.value.where)


@pytest.mark.parametrize(
    "text",
    ["", "{}", "[]", "7", '"{a: 1, a: 2}"', '{"a": {"b": 1}, "b": {"a": 1}}', '[{"a": 1}, {"a": 1}]', "9" * 9999],
)
def test_the_same_name_in_two_objects_is_nothing(text: str):
    """Nor is anything else that JSON allows, of any size."""
    check_names(text.encode())


def test_a_large_body_is_looked_at_quickly():
    """Rows by the ten thousand, in less than a few seconds."""
    data = json.dumps([{"id": number, "name": "x", "price": 1.5} for number in range(50_000)]).encode()
    began = time.perf_counter()
    check_names(data)
    assert time.perf_counter() - began < 3


@pytest.mark.parametrize(
    ("path", "body", "where"),
    [
        ("/api/v1/jobs", '{"truth": "hello-convergence", "truth": "vendor-selection"}', "$.truth"),
        ("/api/v1/jobs", '{"truth": "x", "budget": {"cycles": 1, "cycles": 9}}', "$.budget.cycles"),
        ("/api/v1/jobs/x/approvals/y", '{"decision": "rejected", "decision": "approved", "reason": "z"}', "$.decision"),
        ("/api/v1/jobs/x/resume", '{"add_budget": {"cycles": 1}, "add_budget": {}}', "$.add_budget"),
        ("/api/v1/validate", '{"feature": "", "feature": "x"}', "$.feature"),
    ],
)
def test_no_route_takes_one(served: Any, path: str, body: str, where: str):
    """What stands before us may have looked at the other one."""
    answer = served.http.post(path, content=body.encode(), headers={"Content-Type": "application/json"})
    problem = answer.json()
    assert (400, "REQUEST_MALFORMED", where) == (answer.status_code, problem["code"], problem["where"])


def test_no_field_of_grpc_that_is_json_takes_one():
    """Parameters and rows."""
    with pytest.raises(RequestMalformedError) as refused:
        json_of(b'[{"id": "a", "id": "b"}]', list[dict[str, Any]], "inputs.vendors.rows")
    assert "inputs.vendors.rows[0].id" == refused.value.where
