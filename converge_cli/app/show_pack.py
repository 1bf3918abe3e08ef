"""Shows packs: what each decides, reads, writes, needs and gates."""

from typing import Any

import msgspec

from converge_cli.app.services import Services
from converge_cli.core.errors import ConvergeError, did_you_mean
from converge_cli.core.kind import Kind
from converge_cli.core.pack import InvalidParametersError, Pack, Parameters
from converge_cli.truth.catalog import project_of
from converge_cli.truth.step_template import Template


class PackNotFoundError(ConvergeError):
    """No pack of that name, in the project, installed or shipped."""

    code = "PACK_NOT_FOUND"


def list_packs(services: Services) -> list[dict[str, Any]]:
    """Name, version and description of each pack; one that can't be loaded says why."""
    registry = services.packs(project_of(services.folder))
    rows = []
    for name in registry.names():
        try:
            pack = registry.find(name)
        except ConvergeError as error:
            rows.append(
                {"name": name, "version": "", "description": f"can't be loaded: {error.message}", "broken": True}
            )
            continue
        if pack is not None:
            rows.append({"name": name, "version": pack.version, "description": pack.description, "broken": False})
    return rows


def show_pack(services: Services, name: str) -> dict[str, Any]:
    """Everything that a pack declares.

    Raises:
        PackNotFoundError: there is none of that name.
        InvalidPackError: it is there, and broken.
    """
    pack = find_pack(services, name)
    data: dict[str, Any] = {
        "name": pack.name,
        "version": pack.version,
        "description": pack.description,
        "folder": pack.folder,
        "digest": pack.digest,
        "kinds": {kind: parsed.field_words() for kind, parsed in pack.kinds.items()},
        "parameters": parameters_data(pack),
        "models": _models(pack),
        "gates": msgspec.to_builtins(pack.gates),
        "steps": [Template(item.sentence).shown for item in pack.steps],
        "policies": sorted(pack.policy.policies) if pack.policy is not None else [],
    }
    defaults, usable = _defaults(pack)
    data["suggestors"] = msgspec.to_builtins(pack.spec(defaults).suggestors) if usable else []
    return data


def find_pack(services: Services, name: str) -> Pack:
    """The pack of that name that somebody who stands here would run with.

    Raises:
        PackNotFoundError: there is none of that name.
        InvalidPackError: it is there, and broken.
    """
    registry = services.packs(project_of(services.folder))
    pack = registry.find(name)
    if pack is None:
        known = registry.names()
        hint = did_you_mean(name, known) or f"the packs are {', '.join(known) or 'none'}"
        raise PackNotFoundError(f"no pack {name!r}", hint=hint, where=name)
    return pack


def parameters_data(pack: Pack) -> dict[str, dict[str, Any]]:
    """Name -> type in words, whether a truth must set it, and what it is otherwise."""
    model = _parameters_kind(pack)
    if model is None:
        return {}
    defaults = model.defaults()
    return {
        name: {"type": word.removesuffix("?"), "required": name not in defaults, "default": defaults.get(name)}
        for name, word in model.field_words().items()
    }


def _models(pack: Pack) -> dict[str, dict[str, str]]:
    """The models inside kinds and parameters, by name."""
    parameters = _parameters_kind(pack)
    kinds = [*pack.kinds.values(), *([] if parameters is None else [parameters])]
    return {name: words for kind in kinds for name, words in kind.inner_words().items()}


def _parameters_kind(pack: Pack) -> Kind | None:
    """A parameters model reads like a kind."""
    return None if pack.parameters_model is None else Kind("parameters", pack.parameters_model)


def _defaults(pack: Pack) -> tuple[Parameters | None, bool]:
    """The parameters that hold when a truth sets none, and whether there are such."""
    try:
        return pack.parse_parameters({}), True
    except InvalidParametersError:
        return None, False
