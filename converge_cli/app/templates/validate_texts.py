"""Validates texts that somebody sent, with the packs of the server: the findings of `converge validate`.

Must never read a file that a text names, run code that came along, or take longer than it may.
"""

from collections.abc import Iterator
from typing import Any

import msgspec

from converge_cli.app.services import Services
from converge_cli.app.templates.given_texts import GivenTexts, GivenTruth, InvalidTextsError, TextsRequest
from converge_cli.app.validate.checked_files import LONE_FEATURE, heading_line
from converge_cli.app.validate.counted import Choice, counted
from converge_cli.app.validate.wiring_findings import suggestor_names
from converge_cli.core.errors import ConvergeError
from converge_cli.core.person import Person
from converge_cli.engine.watchdog import WatchdogTimeout, watched
from converge_cli.pack.registry import PackRegistry
from converge_cli.pack.wiring import read_wiring
from converge_cli.truth.catalog import project_of
from converge_cli.truth.codes import BY_CODE
from converge_cli.truth.compilation import Compilation
from converge_cli.truth.compiler import compile_feature, compile_truth
from converge_cli.truth.diagnostics import Diagnostic
from converge_cli.truth.findings import Findings
from converge_cli.truth.people import InvalidPeopleError, read_people
from converge_cli.truth.source import Source
from converge_cli.truth.surroundings import JobHeader, SharedText, Surroundings

SECONDS = 10.0
"""Seconds that one request may take."""


def validate_texts(services: Services, request: TextsRequest, seconds: float = SECONDS) -> dict[str, Any]:
    """The findings as data, like those of `converge validate --json`. Whether inputs are there is not looked at.

    Raises:
        InvalidTextsError: there is nothing to validate, too much, it takes too long, or a code is none.
    """
    packs = services.packs(project_of(services.folder))
    for name in packs.names():  # loading them is the server's own affair, and not on the caller's time
        _loads(packs, name)
    try:
        with watched("validation of texts", seconds):
            return _validated(services, packs, request)
    except WatchdogTimeout:
        told = f"the texts were not validated within {seconds:g} seconds"
        raise InvalidTextsError(told, hint="converge validate, where the files are", where="files") from None


def _loads(packs: PackRegistry, name: str) -> bool:
    try:
        return packs.find(name) is not None
    except ConvergeError:  # told where a truth names it
        return False


def _validated(services: Services, packs: PackRegistry, request: TextsRequest) -> dict[str, Any]:
    choice = _choice(request)
    texts = GivenTexts(request)
    found: list[Diagnostic] = []
    for truth in texts.truths:
        compiled = compile_truth(truth.source, truth.features, packs, None, _around(services, texts, truth))
        found += compiled.diagnostics
        found += _wiring(texts.wiring_of(truth), compiled)
    for feature in texts.lone_features():
        found += (*compile_feature(feature, packs), *_unused(feature))
    for name, source in texts.sources.items():
        if name.rpartition("/")[2] == "people.yaml":
            found += _people(source)[1]
    comments = {name: source for name, source in texts.sources.items() if b"converge:" in source.data.lower()}
    result = counted(found, comments, choice, lambda name: name)
    errors = sum(item.severity == "error" for item in result.diagnostics)
    return {
        "files": list(texts.sources),
        "truths": [truth.key for truth in texts.truths],
        "errors": errors,
        "warnings": len(result.diagnostics) - errors,
        "findings": msgspec.to_builtins(result.diagnostics),
        "suppressed": msgspec.to_builtins(result.suppressed),
        "left_out": result.left_out,
    }


def _choice(request: TextsRequest) -> Choice:
    for code in (*(request.select or ()), *request.ignore):
        if code not in BY_CODE:
            raise InvalidTextsError(f"there is no code {code[:20]!r}", hint="codes are those of findings: CV012")
    select = None if request.select is None else frozenset(request.select)
    return Choice(select, frozenset(request.ignore), request.strict)


def _around(services: Services, texts: GivenTexts, truth: GivenTruth) -> Surroundings:
    beside = texts.beside(truth)
    people = texts.people_of(truth)
    shared = (SharedText(item.source, item.features, item.missing) for item in beside if not item.runs)
    jobs = tuple(JobHeader(item.key, item.packs) for item in beside if item.runs)
    return Surroundings(
        shared=tuple(shared) if truth.runs else (),
        people=None if people is None else _people(people)[0],
        missing=frozenset(truth.missing),
        jobs=jobs if beside and not truth.runs else None,
        today=services.clock.now()[:10],
    )


def _unused(feature: Source) -> tuple[Diagnostic, ...]:
    """That nothing but the form of a feature was checked."""
    findings = Findings()
    findings.read(feature)
    stem = feature.name.rpartition("/")[2].removesuffix(".feature")
    fix = f"name it in features: of a truth, or add truths/{stem}/truth.yaml"
    findings.add(
        "feature-without-truth", findings.whole_line(feature.name, heading_line(feature.data)), LONE_FEATURE, fix
    )
    return tuple(item for item in findings.sorted() if item.name == "feature-without-truth")


def _people(source: Source) -> tuple[tuple[Person, ...] | None, tuple[Diagnostic, ...]]:
    try:
        return read_people(source), ()
    except InvalidPeopleError as error:
        return None, error.diagnostics


def _wiring(source: Source | None, compiled: Compilation) -> Iterator[Diagnostic]:
    if source is None:
        return
    findings = Findings()
    read_wiring(source, findings, suggestor_names(compiled))
    yield from findings.sorted()
