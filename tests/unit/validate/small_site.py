"""A small project that a test may spoil."""

from collections.abc import Iterable
from pathlib import Path

from converge_cli.app.services import Services
from converge_cli.app.validate.counted import Choice
from converge_cli.app.validate.validate_truths import Validation, mend_truths, validate_truths
from converge_cli.bootstrap import make_services
from converge_cli.settings import Settings

GOOD = Path(__file__).parents[2] / "golden" / "truth" / "good" / "small-project"


class Site:
    """A project: one truth, its feature, people, a pack in one file."""

    TRUTH = "truths/small/truth.yaml"
    FEATURE = "features/small.feature"
    PACK = "packs/small.py"

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __truediv__(self, name: str) -> Path:
        return self.folder / name

    def write(self, name: str, text: str | bytes) -> Path:
        """Write a file of the project."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def replace(self, name: str, old: str, new: str) -> None:
        """Replace a text that is there in a file."""
        text = (self.folder / name).read_text()
        assert old in text
        (self.folder / name).write_text(text.replace(old, new))

    def services(self, folder: Path | None = None) -> Services:
        """The services of somebody who stands there."""
        return make_services(folder or self.folder, settings=Settings("memory", self.folder, None))

    def validate(self, *paths: str | Path, choice: Choice | None = None, folder: Path | None = None) -> Validation:
        """Validate, standing in the project."""
        return validate_truths(self.services(folder), [Path(path) for path in paths], choice or Choice())

    def mend(self) -> list[tuple[str, int, str, str]]:
        """Mend; file, line, old and new words of each change."""
        return [(item.file, item.line, item.old, item.new) for item in mend_truths(self.services(), [])]


def told(found: Validation) -> list[str]:
    """Name and place of each finding."""
    return [f"{item.name} {item.file}:{item.line}:{item.column}" for item in found.diagnostics]


def codes(*words: str) -> Iterable[str]:
    """Codes as a set, for a choice."""
    return frozenset(words)
