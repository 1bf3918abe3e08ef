"""The OpenAPI document: routes from the framework, schemas from the models that requests are read with."""

from http import HTTPStatus
from typing import Any

import msgspec
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from converge_cli import __version__
from converge_cli.server.http.answers import Problem
from converge_cli.server.http.problems import PROBLEM

OK = 200
ACCEPTED = 202
PATH = "/api-docs/openapi.json"

_REF = "#/components/schemas/{name}"
_ALWAYS = (400, 401, 403, 422, 429, 500, 503)
_OPEN = (400, 403, 422, 500)
"""What any route answers, also one that asks nobody who they are."""
_MODELS: set[type] = {Problem}
_ABOUT = """Submit a job, follow it, decide what waits, fetch the proof.

A job has the id of its run. Every error is a problem+json document with a stable `code`, a `hint` and, for what does
not compile, the `findings` of `converge validate`. A query parameter that an operation does not name, or one that
stands there twice, is refused with 422. Credentials are sent as `Authorization: Bearer`.
"""


def reference(model: type) -> dict[str, Any]:
    """Where the schema of a model stands."""
    _MODELS.add(model)
    return {"$ref": _REF.format(name=model.__name__)}


def taking(model: type, *, required: bool = True, **examples: Any) -> dict[str, Any]:
    """What a route says of the body that it takes."""
    told = {name: {"value": value} for name, value in examples.items()}
    content = {"application/json": {"schema": reference(model), "examples": told}}
    return {"requestBody": {"required": required, "content": content}}


def answering(model: type, *others: int, status: int = OK, secured: bool = True) -> dict[int | str, Any]:
    """What a route says of its answers: one when all is well, problems otherwise.

    Args:
        others: statuses of problems besides those that any route may answer with.
        secured: whether it asks who calls.
    """
    problems = sorted({*(_ALWAYS if secured else _OPEN), *others})
    return {status: {"content": {"application/json": {"schema": reference(model)}}}, **problems_of(*problems)}


def problems_of(*statuses: int) -> dict[int | str, Any]:
    """What is said of problems."""
    content = {PROBLEM: {"schema": reference(Problem)}}
    return {status: {"description": HTTPStatus(status).phrase, "content": content} for status in statuses}


def document(app: FastAPI) -> dict[str, Any]:
    """The document, made once."""
    if app.openapi_schema is None:
        made = get_openapi(title="Converge", version=__version__, description=_ABOUT, routes=app.routes)
        _, schemas = msgspec.json.schema_components(sorted(_MODELS, key=lambda item: item.__name__), ref_template=_REF)
        components = made.setdefault("components", {})
        components["schemas"] = dict(sorted(schemas.items()))
        components["securitySchemes"] = {"bearer": {"type": "http", "scheme": "bearer"}}
        made["security"] = [{"bearer": []}]
        for path in made["paths"].values():
            for operation in path.values():
                _finish(operation)
        app.openapi_schema = made
    return app.openapi_schema


def _finish(operation: dict[str, Any]) -> None:
    """Errors have no form of their own beside problems, and describe themselves."""
    for status, answer in operation["responses"].items():
        content = answer.get("content", {})
        if PROBLEM in content:
            answer["content"] = {PROBLEM: content[PROBLEM]}
        if status in {"429", "503"}:
            answer["headers"] = {"Retry-After": {"description": "Seconds.", "schema": {"type": "integer"}}}
