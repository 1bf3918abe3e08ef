"""Lists the step language: the catalogue, and what the packs at hand add to it."""

from typing import Any

from converge_cli.app.services import Services
from converge_cli.core.errors import ConvergeError
from converge_cli.truth.catalog import project_of
from converge_cli.truth.step_catalogue import CATALOGUE, Scope
from converge_cli.truth.step_template import Template

PLACES: dict[Scope, str] = {
    "rule": "@invariant, @validation, @suggestor, truth.yaml",
    "contract": "@suggestor",
    "example": "@e2e",
}
"""Where the sentences of a scope belong."""


def list_steps(services: Services) -> list[dict[str, Any]]:
    """Every sentence, the catalogue's first: keyword, where it belongs, what fills its places, what hangs below it.

    A pack that can't be loaded adds nothing.
    """
    rows = [
        _row(step.template, keyword=step.keyword, belongs=PLACES[step.scope], below=step.wanted, pack=None)
        for step in CATALOGUE
    ]
    registry = services.packs(project_of(services.folder))
    for name in registry.names():
        try:
            pack = registry.find(name)
        except ConvergeError:
            continue
        rows += [
            _row(Template(item.sentence), keyword=None, belongs=None, below="nothing", pack=name)
            for item in (pack.steps if pack is not None else ())
        ]
    return rows


def _row(
    template: Template, *, keyword: str | None, belongs: str | None, below: str, pack: str | None
) -> dict[str, Any]:
    return {
        "keyword": None if keyword is None else keyword.title(),
        "sentence": template.shown,
        "places": [{"written": written, "is": words} for written, words in template.places()],
        "below": None if below == "nothing" else below,
        "belongs": belongs,
        "pack": pack,
    }
