"""Steps of packs that no truth of their project says. Told only where every truth of the project was looked at."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from converge_cli.app.validate.failures import finding
from converge_cli.core.pack import Pack
from converge_cli.truth.catalog import project_of
from converge_cli.truth.compiler import Compilation
from converge_cli.truth.diagnostics import Diagnostic
from converge_cli.truth.step_template import Template


def unused_steps(
    packs: Mapping[Path, Pack | None], compiled: Mapping[Path, Compilation | None], folder: Path
) -> Iterator[Diagnostic]:
    """A finding for each step that was not said.

    Args:
        packs: those that were loaded, by folder or file.
        compiled: the truths that were compiled, by truth.yaml.
    """
    said = {item for compilation in compiled.values() if compilation is not None for item in compilation.said}
    for path, pack in packs.items():
        project = project_of(path)
        if pack is None or not pack.steps or project is None:
            continue
        truths = {file.resolve() for file in project.glob("truths/*/truth.yaml")}
        if not truths or any(compiled.get(file) is None for file in truths):
            continue
        for item in pack.steps:
            if (pack.name, item.sentence) not in said:
                shown = Template(item.sentence).shown
                fix = "say it where it makes a feature read better, or remove it"
                message = f"no feature or truth says `{shown}`"
                yield finding("unused-step", Path(item.file), folder, message, fix, item.line)
