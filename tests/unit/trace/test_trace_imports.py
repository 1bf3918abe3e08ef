"""What is only folded or printed plainly does not pay for the drawing library."""

import subprocess
import sys


def test_folding_plain_and_json_lines_do_not_import_the_drawing_library() -> None:
    """Start-up time is guarded by the list of imports, not by a clock."""
    script = (
        "import sys, converge_cli.trace.fold, converge_cli.trace.plain, converge_cli.trace.jsonl\n"
        "import converge_cli.trace.plain_verdict\n"
        "print(sorted({'rich', 'pydantic', 'cedarpy', 'gherkin', 'sqlite3'} & set(sys.modules)))"
    )
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == "[]"
