"""Templates as data: what one asks for, who decides, what it may spend, what it needs; broken ones with their findings.

Must never tell where on the machine a file is.
"""

from pathlib import Path
from typing import Any

import msgspec

from converge_cli.app.error_data import error_data
from converge_cli.app.load_truth import LoadedTruth
from converge_cli.app.services import Services
from converge_cli.app.show_pack import parameters_data
from converge_cli.app.templates.deployed import requirements_data
from converge_cli.app.templates.submission_schema import kind_of_input, submission_schema
from converge_cli.app.templates.template_shelf import Template, TemplateMisnamedError, TemplateShelf
from converge_cli.core.errors import ConvergeError
from converge_cli.core.job import InputSpec, PackUse
from converge_cli.core.pack import Pack
from converge_cli.truth.catalog import TruthNotFoundError
from converge_cli.truth.json_schema import meanings

Data = dict[str, Any]

_FORMATS = {
    "rows": ("csv", "json", "yaml", "folder"),
    "table": ("csv", "json", "yaml", "folder"),
    "record": ("json", "yaml"),
    "text": ("text",),
}


def templates_data(services: Services, shelf: TemplateShelf) -> list[Data]:
    """Every template in few words, by name; one that is broken says why."""
    rows = [_line(services, item) for item in map(shelf.template, shelf.names()) if item.runs]
    for file, origin in shelf.nameless():
        error = TemplateMisnamedError(
            f"{file.parent.name!r} can't be asked for: a name has small letters, digits and single dashes",
            hint="rename the folder and the truth's key",
            where=f"{file.parent.name}/{file.name}",
        )
        rows.append(_head(file.parent.name, origin, error) | {"title": "", "requirements": None})
    return rows


def template_data(services: Services, shelf: TemplateShelf, name: str) -> Data:
    """Everything that whoever submits a job needs to know of one; of a broken one what is wrong.

    Raises:
        TruthNotFoundError: no job of that name is served.
    """
    template = shelf.template(name)
    if not template.runs:
        raise TruthNotFoundError(name, [row["name"] for row in templates_data(services, shelf)])
    if template.truth is None:
        return _line(services, template)
    truth = template.truth
    job, packs = truth.job, {pack.name: pack for pack in truth.compilation.packs}
    return _line(services, template) | {
        "job": msgspec.to_builtins(job.purpose),
        "principal": job.principal,
        "packs": [{"name": use.name, "version": use.version} for use in job.packs],
        "inputs": [_input(item, truth) for item in job.inputs],
        "parameters": {use.name: _parameters(packs[use.name], use) for use in job.packs},
        "approval_points": [
            {
                "id": point.id,
                "role": point.role,
                "approves": point.approves.words,
                "modes": list(point.modes),
                "quorum": point.quorum,
            }
            for point in job.approval_points
        ],
        "budget": _budget(truth),
        "criteria": [{"id": item.id, "description": item.description} for item in job.criteria if item.required],
        "outputs": {item.name: item.selection.words for item in job.outputs},
        "schema": submission_schema(truth),
    }


def _line(services: Services, template: Template) -> Data:
    head = _head(template.name, template.origin, template.error)
    if template.truth is None:
        return head | {"title": "", "requirements": None}
    needs = requirements_data(services, template.truth, template.truth.wiring)
    return head | {"title": template.truth.job.title, "requirements": needs}


def _head(name: str, origin: str, error: ConvergeError | None) -> Data:
    told = None if error is None else error_data(error)
    return {"name": name, "from": origin, "broken": error is not None, "error": told}


def _input(spec: InputSpec, truth: LoadedTruth) -> Data:
    kind = kind_of_input(spec, truth)
    told = meanings(kind.model)
    columns = [
        {
            "name": name,
            "type": word.removesuffix("?"),
            "required": not word.endswith("?"),
            "description": told.get(name, ""),
        }
        for name, word in kind.field_words().items()
    ]
    return {
        "name": spec.name,
        "kind": spec.kind,
        "shape": spec.shape,
        "formats": list(_FORMATS[spec.shape]),
        "id": spec.id,
        "each": spec.each,
        "columns": [] if spec.shape == "text" else columns,
        "required": spec.required and spec.file is None,
        "default": None if spec.file is None else Path(spec.file).name,
    }


def _parameters(pack: Pack, use: PackUse) -> Data:
    """What can be set; `value` is what holds when nothing is."""
    model = pack.parameters_model
    told = {} if model is None else meanings(model)
    values = use.parameters if isinstance(use.parameters, dict) else {}
    return {
        name: item | {"value": values.get(name, item["default"]), "description": told.get(name, "")}
        for name, item in parameters_data(pack).items()
    }


def _budget(truth: LoadedTruth) -> Data:
    limits = msgspec.to_builtins(truth.job.budget)
    if truth.wiring is not None:
        wired = msgspec.to_builtins(truth.wiring.budget)
        limits |= {name: most for name, most in wired.items() if most is not None}
    data: Data = limits
    return data
