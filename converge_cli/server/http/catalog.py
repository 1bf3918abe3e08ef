"""Routes: what is served: templates, truths and packs; and whether texts could be."""

from typing import Annotated

from fastapi import APIRouter, Path
from starlette.responses import Response

from converge_cli.app.list_truths import list_truths
from converge_cli.app.show_pack import list_packs, show_pack
from converge_cli.app.show_truth import show_truth
from converge_cli.app.templates.given_texts import TextsRequest
from converge_cli.app.templates.template_data import template_data, templates_data
from converge_cli.app.templates.template_shelf import TemplateShelf
from converge_cli.app.templates.validate_texts import validate_texts
from converge_cli.server.door import Door
from converge_cli.server.http import catalog_answers as answers
from converge_cli.server.http.bodies import parse_body
from converge_cli.server.http.door import Reply, TheBody, TheCaller, TheDoor
from converge_cli.server.http.openapi import answering, taking

router = APIRouter(prefix="/api/v1", tags=["catalog"], default_response_class=Reply)

Name = Annotated[str, Path(max_length=200, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]


@router.get("/truths", operation_id="listTruths", summary="The truths", responses=answering(answers.TruthList))
def truths(door: TheDoor, caller: TheCaller) -> Response:  # noqa: ARG001  who calls must be known
    """As `converge truths list --json`."""
    return door.reply({"truths": list_truths(door.service.setting.services)})


@router.get("/truths/{name}", operation_id="getTruth", summary="One truth", responses=answering(answers.TruthPage, 404))
def truth(door: TheDoor, caller: TheCaller, name: Name) -> Response:  # noqa: ARG001
    """As `converge truths show NAME --json`: its job, clauses and what keeps each, inputs, approvals, budget."""
    return door.reply(show_truth(door.service.setting.services, name))


@router.get(
    "/templates",
    operation_id="listTemplates",
    summary="What can be submitted",
    responses=answering(answers.TemplateList),
)
def templates(door: TheDoor, caller: TheCaller) -> Response:  # noqa: ARG001
    """Every truth that runs here, by name; one that is broken, or lacks what it needs, says so."""
    return door.reply({"templates": templates_data(door.service.setting.services, _shelf(door))})


@router.get(
    "/templates/{name}",
    operation_id="getTemplate",
    summary="What one template takes",
    responses=answering(answers.TemplatePage, 404),
)
def template(door: TheDoor, caller: TheCaller, name: Name) -> Response:  # noqa: ARG001
    """Inputs, parameters, approval points, budget, needs; `schema` is the JSON Schema of a submission of it."""
    return door.reply(template_data(door.service.setting.services, _shelf(door), name))


@router.get("/packs", operation_id="listPacks", summary="The packs", responses=answering(answers.PackList))
def packs(door: TheDoor, caller: TheCaller) -> Response:  # noqa: ARG001
    """As `converge packs list --json`."""
    return door.reply({"packs": list_packs(door.service.setting.services)})


@router.get("/packs/{name}", operation_id="getPack", summary="One pack", responses=answering(answers.PackPage, 404))
def pack(door: TheDoor, caller: TheCaller, name: Name) -> Response:  # noqa: ARG001
    """As `converge packs show NAME --json`: kinds, suggestors, parameters, steps, gates; not where its files are."""
    data = show_pack(door.service.setting.services, name)
    del data["folder"]
    return door.reply(data)


@router.post(
    "/validate",
    operation_id="validateTexts",
    summary="Check a truth or a feature",
    openapi_extra=taking(
        TextsRequest,
        a_feature={"feature": "Feature: A note is written\n"},
        files={"files": {"truths/small/truth.yaml": "truth: v1\nkey: small\nkind: job\n"}},
    ),
    responses=answering(answers.Validation, 413, 415),
)
def validate(door: TheDoor, caller: TheCaller, body: TheBody) -> Response:  # noqa: ARG001
    """As `converge validate --json`, with the packs of the server: findings are the answer, whatever they say."""
    return door.reply(validate_texts(door.service.setting.services, parse_body(body, TextsRequest)))


def _shelf(door: Door) -> TemplateShelf:
    shelf = door.service.setting.services.shelf
    assert shelf is not None  # noqa: S101  every server has one
    return shelf
