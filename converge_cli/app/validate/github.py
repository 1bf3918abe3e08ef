"""Findings as workflow commands of GitHub, which shows each beside its line. Must never let a text end its command."""

from collections.abc import Iterable

from converge_cli.truth.diagnostics import Diagnostic


def as_github(diagnostics: Iterable[Diagnostic]) -> list[str]:
    """One command a finding, a line each."""
    return [_command(item) for item in diagnostics]


def _command(item: Diagnostic) -> str:
    places = {
        "file": item.file,
        "line": str(item.line),
        "col": str(item.column),
        "endColumn": str(item.end_column),
        "title": f"{item.code} {item.name}",
    }
    properties = ",".join(f"{name}={_property(value)}" for name, value in places.items())
    text = f"{item.message}\nfix: {item.fix}" if item.fix else item.message
    return f"::{item.severity} {properties}::{_data(text)}"


def _data(text: str) -> str:
    """Escaped as the runner reads it; what does not print is written as an escape sequence, too."""
    shown = "".join(char if char in "\r\n" or char.isprintable() else _visible(char) for char in text)
    return shown.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _visible(char: str) -> str:
    return char.encode("unicode_escape").decode()


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
