"""What the HTTP door answers about truths, templates and packs; see `answers`."""

from typing import Any, Literal

import msgspec

from converge_cli.server.http.answers import ErrorData
from converge_cli.truth.diagnostics import Diagnostic


class TruthLine(msgspec.Struct, frozen=True):
    """A truth in a list; `from` is `shipped`, or its file."""

    key: str
    kind: Literal["job", "policy", "invariant"]
    title: str
    source: str = msgspec.field(name="from")


class TruthList(msgspec.Struct, frozen=True):
    """The truths that are served."""

    truths: tuple[TruthLine, ...]


class TruthPage(msgspec.Struct, frozen=True):
    """A truth as a page; what else stands there depends on its kind."""

    key: str
    kind: Literal["job", "policy", "invariant"]
    file: str
    title: str
    clauses: tuple[dict[str, Any], ...]
    checks: tuple[dict[str, Any], ...]
    approvals: tuple[dict[str, Any], ...]
    examples: tuple[dict[str, Any], ...]


class RequirementsData(msgspec.Struct, frozen=True):
    """Whether the deployment has what the template's wiring asks for, and what it has not."""

    met: bool
    missing: tuple[str, ...]
    wiring: dict[str, Any] | None


class TemplateLine(msgspec.Struct, frozen=True):
    """A template in a list; a broken one says why."""

    name: str
    source: Literal["templates", "project", "shipped"] = msgspec.field(name="from")
    broken: bool
    error: ErrorData | None
    title: str
    requirements: RequirementsData | None


class TemplateList(msgspec.Struct, frozen=True):
    """What can be submitted here."""

    templates: tuple[TemplateLine, ...]


class TemplatePage(TemplateLine, frozen=True, kw_only=True, omit_defaults=True):
    """What whoever submits a template needs to know; of a broken one only what is wrong."""

    job: dict[str, Any] = {}
    principal: str | None = None
    packs: tuple[dict[str, str], ...] = ()
    inputs: tuple[dict[str, Any], ...] = ()
    parameters: dict[str, dict[str, Any]] = {}
    approval_points: tuple[dict[str, Any], ...] = ()
    budget: dict[str, Any] = {}
    criteria: tuple[dict[str, str], ...] = ()
    outputs: dict[str, str] = {}
    schema: dict[str, Any] = {}


class Validation(msgspec.Struct, frozen=True):
    """What was looked at, and what was found; `suppressed` findings count nowhere."""

    files: tuple[str, ...]
    truths: tuple[str, ...]
    errors: int
    warnings: int
    findings: tuple[Diagnostic, ...]
    suppressed: tuple[Diagnostic, ...]
    left_out: int


class PackLine(msgspec.Struct, frozen=True):
    """A pack in a list; a broken one says why in its description."""

    name: str
    version: str
    description: str
    broken: bool


class PackList(msgspec.Struct, frozen=True):
    """The packs that truths may use."""

    packs: tuple[PackLine, ...]


class PackPage(msgspec.Struct, frozen=True):
    """Everything that a pack declares."""

    name: str
    version: str
    description: str
    digest: str
    kinds: dict[str, dict[str, str]]
    parameters: dict[str, dict[str, Any]]
    models: dict[str, dict[str, str]]
    gates: tuple[dict[str, Any], ...]
    steps: tuple[str, ...]
    policies: tuple[str, ...]
    suggestors: tuple[dict[str, Any], ...]
