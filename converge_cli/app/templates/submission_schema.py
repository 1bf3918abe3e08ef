"""JSON Schema of what may be submitted for one template: its inputs, parameters, approval points and limits.

It stands alone, without references. Must never be stricter than the machinery: what `submit_job` takes fits the schema.
"""

from typing import Any

from converge_cli.app.load_truth import LoadedTruth
from converge_cli.app.templates.model_schema import Schema, model_schema
from converge_cli.app.templates.template_shelf import TemplateShelf
from converge_cli.core.approval import authority_point
from converge_cli.core.built_in_kinds import reserved_kinds
from converge_cli.core.job import InputSpec
from converge_cli.core.kind import Kind
from converge_cli.core.pack import Pack
from converge_cli.core.person import AUTHORITIES

_TEXT: Schema = {"type": "string"}
_NO_OR_TEXT: Schema = {"type": ["string", "null"]}
_AMOUNT: Schema = {"type": ["number", "string"], "minimum": 0}
_COUNT: Schema = {"type": "integer", "minimum": 0}
_WAYS: tuple[Schema, ...] = ({"required": ["text"]}, {"required": ["base64"]})
_FILE: Schema = {
    "type": "object",
    "properties": {"name": _TEXT, "text": _TEXT, "base64": _TEXT},
    "additionalProperties": False,
    "oneOf": list(_WAYS),
}


def submission_schema(truth: LoadedTruth) -> Schema:
    """The schema of a submission for one truth."""
    job = truth.job
    parameters = {pack.name: _parameters(pack) for pack in truth.compilation.packs if pack.parameters_model is not None}
    properties: Schema = {
        "truth": {"const": job.truth},
        "template": {"const": job.truth},
        "inputs": _inputs(truth),
        "parameters": {"type": "object", "properties": parameters, "additionalProperties": {"type": "object"}},
        "seeds": {"type": "array", "items": {"type": "string", "description": "Key:id=content"}},
        "budget": _budget(),
        "approvals": _approvals(truth),
        "principal": _NO_OR_TEXT | {"description": "for whom gates are asked, instead of the truth's actor"},
        "strict": {"type": "boolean", "description": "soft violations and deferred clauses count"},
    }
    return {
        "title": job.title,
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
        "oneOf": [{"required": ["truth"]}, {"required": ["template"]}],
    }


def kind_of_input(spec: InputSpec, truth: LoadedTruth) -> Kind:
    """The kind that an input's facts have."""
    found = (pack.kinds[spec.kind] for pack in truth.compilation.packs if spec.kind in pack.kinds)
    return next(found, None) or reserved_kinds()[spec.kind]


def submission_schemas(shelf: TemplateShelf) -> dict[str, Schema]:
    """The schema of a submission for each template that could run, by name."""
    templates = map(shelf.template, shelf.names())
    return {item.name: submission_schema(item.truth) for item in templates if item.truth is not None and item.runs}


def _inputs(truth: LoadedTruth) -> Schema:
    needed = [spec.name for spec in truth.job.inputs if spec.required and spec.file is None]
    told = {"description": f"without {', '.join(needed)} the job waits for it"} if needed else {}
    given = {spec.name: _input(spec, truth) for spec in truth.job.inputs}
    return {"type": "object", "properties": given, "additionalProperties": False, **told}


def _input(spec: InputSpec, truth: LoadedTruth) -> Schema:
    """A file, a folder, or records of the input's kind."""
    ways, properties = list(_WAYS), {"name": _TEXT, "text": _TEXT, "base64": _TEXT}
    if spec.shape != "text":
        ways += [{"required": ["rows"]}, {"required": ["files"]}]
        properties["rows"] = {"type": "array", "items": _row(spec, truth)}
        properties["files"] = {"type": "object", "additionalProperties": _FILE}
    return {
        "type": "object",
        "description": f"facts of kind {spec.kind}" + ("" if spec.file is None else "; without it, the template's own"),
        "properties": properties,
        "additionalProperties": False,
        "oneOf": ways,
    }


def _row(spec: InputSpec, truth: LoadedTruth) -> Schema:
    if spec.shape == "table" or spec.each is not None:
        return {"type": "object"}
    # A column of the id's pattern may stand beside the model's own fields.
    return model_schema(kind_of_input(spec, truth).model) | {"additionalProperties": True}


def _parameters(pack: Pack) -> Schema:
    """Values over those of the truth, nested or with dotted names; what is left out stays as it is."""
    model: Any = pack.parameters_model
    return model_schema(model, partial=True) | {"patternProperties": {r"^[^.]+\..+$": {}}}


def _budget() -> Schema:
    limits = {"cycles": _COUNT, "facts": _COUNT, "time": _AMOUNT, "tokens": _COUNT, "cost_usd": _AMOUNT}
    return {"type": ["object", "null"], "properties": limits, "additionalProperties": False}


def _approvals(truth: LoadedTruth) -> Schema:
    points = [point.id for point in truth.job.approval_points]
    points += [authority_point(level) for level in AUTHORITIES if truth.job.gates]
    if not points:  # nobody is ever asked; a choice among nothing is no schema
        return {"type": "array", "maxItems": 0}
    properties = {"point": {"enum": points}, "fact": _NO_OR_TEXT, "by": _NO_OR_TEXT, "reason": _TEXT}
    approval = {"type": "object", "properties": properties, "required": ["point"], "additionalProperties": False}
    return {"type": "array", "items": approval}
