"""Shows findings as SCREENS draws them: code, place, the source line underlined, why, the fix, where to read more."""

from collections.abc import Iterable

from rich.console import Console
from rich.text import Text

from converge_cli.trace.sanitize import safe
from converge_cli.truth.diagnostics import Diagnostic

_STYLE = {"error": "bold red", "warning": "bold yellow"}
_MOST = 160


def show_findings(console: Console, findings: Iterable[Diagnostic]) -> None:
    """Each finding as a block."""
    for finding in findings:
        console.print(_block(finding), soft_wrap=True)


def _block(finding: Diagnostic) -> Text:
    text = Text()
    text.append(f"{finding.severity} {finding.code}", style=_STYLE[finding.severity])
    text.append(f"  {finding.name}  ")
    text.append(f"{safe(finding.file)}:{finding.line}:{finding.column}\n", style="bold")
    text.append_text(_source(finding))
    text.append(f"  {safe(finding.message)}\n")
    if finding.fix:
        text.append("  fix  ", style="dim")
        text.append(f"{safe(finding.fix)}\n")
    return text


def _source(finding: Diagnostic) -> Text:
    """The line at fault with what is wrong underlined; a long line is cut around it."""
    if not finding.source_line.strip():
        return Text()
    start = max(finding.column - 1 - _MOST // 2, 0)
    shown = safe(finding.source_line[start : start + _MOST])
    before = safe(finding.source_line[start : finding.column - 1])
    marked = safe(finding.source_line[finding.column - 1 : finding.end_column - 1])[:_MOST] or "^"
    number = str(finding.line)
    text = Text(f"   {number} │ {shown}\n", style="dim")
    text.append(" " * (len(number) + 3) + " │ " + " " * len(before), style="dim")
    text.append("^" * max(len(marked), 1) + "\n", style=_STYLE[finding.severity])
    return text
