"""An error as data: what `--json` prints and what every other door answers with."""

from typing import Any

from converge_cli.core.errors import ConvergeError


def error_data(error: ConvergeError) -> dict[str, Any]:
    """An error as data; the findings of a truth and the place where a replay diverged come along."""
    data: dict[str, Any] = {
        "code": error.code,
        "message": error.message,
        "hint": error.hint,
        "where": error.where,
    }
    for name, carried in (("findings", "diagnostics"), ("divergence", "divergence")):
        value = getattr(error, carried, None)
        if value is not None:
            import msgspec  # noqa: PLC0415  only for the few errors that carry something

            data[name] = msgspec.to_builtins(value)
    return data
