"""The picture in the README is what a run looks like now."""

import html
import re
from pathlib import Path
from typing import Any

PICTURE = Path(__file__).parents[2] / "docs" / "images" / "vendor-selection.svg"
REASON = "Three bids compared; references checked."


def words(picture: str) -> list[str]:
    """What each line of a picture says, but for what every run has of its own: id, digests, durations."""
    lines: dict[float, list[tuple[float, str]]] = {}
    for x, y, text in re.findall(r'<text[^>]*x="([\d.]+)" y="([\d.]+)"[^>]*>(.*?)</text>', picture):
        lines.setdefault(float(y), []).append((float(x), html.unescape(text)))
    said = [" ".join(" ".join(text for _, text in sorted(lines[y])).split()) for y in sorted(lines)]
    run = next(line.split()[1] for line in said if line.startswith("run "))
    own = re.compile(rf"{run}|\b[0-9a-f]{{12}}…|\b[0-9.]+ (ms|s|m)\b")
    return [own.sub("_", line) for line in said]


def test_the_picture_of_the_readme_is_drawn_as_a_run_is_now(converge: Any, tmp_path: Path) -> None:
    """When this fails: run as here, and `converge show RUN --svg docs/images/vendor-selection.svg`."""
    drawn = tmp_path / "now.svg"
    given = ("--approve", "vendor_commitment=mona", "--reason", REASON)
    ran = converge("run", "vendor-selection", "--no-input", "--json", *given)
    assert 0 == converge("show", ran.data["run_id"], "--svg", str(drawn)).code
    assert words(PICTURE.read_text(encoding="utf-8")) == words(drawn.read_text(encoding="utf-8"))
