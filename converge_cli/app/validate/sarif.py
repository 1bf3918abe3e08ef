"""Findings as SARIF 2.1.0 (OASIS), the form in which code scanning services take them. Must never name the machine."""

from collections.abc import Iterable
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from converge_cli import __version__
from converge_cli.truth.codes import BY_CODE, GROUPS, DiagnosticKind
from converge_cli.truth.diagnostics import Diagnostic

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
FINGERPRINT = "convergeFindingId/v1"

_ROOT = "%SRCROOT%"


def as_sarif(diagnostics: Iterable[Diagnostic], suppressed: Iterable[Diagnostic]) -> dict[str, Any]:
    """The document; suppressed findings are in it, marked."""
    findings = [*diagnostics, *suppressed]
    codes = sorted({item.code for item in findings})
    driver = {"name": "converge", "version": __version__, "rules": [_rule(BY_CODE[code]) for code in codes]}
    rules = {code: number for number, code in enumerate(codes)}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {_ROOT: {"description": {"text": "The folder in which converge was called."}}},
        "results": [_result(item, rules[item.code]) for item in findings],
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(kind: DiagnosticKind) -> dict[str, Any]:
    read_more = f"converge explain {kind.code}"
    return {
        "id": kind.code,
        "name": "".join(word.capitalize() for word in kind.name.split("-")),
        "shortDescription": {"text": f"{kind.title}."},
        "fullDescription": {"text": kind.why},
        "help": {"text": f"{kind.why}\n\n{read_more}", "markdown": f"{kind.why}\n\n`{read_more}`"},
        "defaultConfiguration": {"level": kind.severity},
        "properties": {"tags": [kind.group], "group": GROUPS[kind.group], "problem.severity": kind.severity},
    }


def _result(item: Diagnostic, rule: int) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": item.code,
        "ruleIndex": rule,
        "level": item.severity,
        "message": {"text": f"{item.message}\nfix: {item.fix}" if item.fix else item.message},
        "locations": [{"physicalLocation": _location(item)}],
        "partialFingerprints": {FINGERPRINT: item.id},
    }
    if item.suppressed is not None:
        result["suppressions"] = [{"kind": "inSource", "justification": item.suppressed}]
    if item.replacement is not None:
        change = item.replacement
        deleted = {"startLine": item.line, "startColumn": change.column, "endColumn": change.end_column}
        result["fixes"] = [
            {
                "description": {"text": item.fix or f"write {change.text}"},
                "artifactChanges": [
                    {
                        "artifactLocation": _artifact(item.file),
                        "replacements": [{"deletedRegion": deleted, "insertedContent": {"text": change.text}}],
                    }
                ],
            }
        ]
    return result


def _location(item: Diagnostic) -> dict[str, Any]:
    region: dict[str, Any] = {"startLine": item.line, "startColumn": item.column, "endColumn": item.end_column}
    if item.source_line:
        region["snippet"] = {"text": item.source_line}
    return {"artifactLocation": _artifact(item.file), "region": region}


def _artifact(file: str) -> dict[str, str]:
    path = PurePath(file)
    if path.is_absolute():
        return {"uri": f"file://{_quoted(path)}"}
    return {"uri": _quoted(path), "uriBaseId": _ROOT}


def _quoted(path: PurePath) -> str:
    return quote(path.as_posix().encode("utf-8", "surrogateescape"))
