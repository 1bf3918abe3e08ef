"""What is wrong with an input: every problem with file, row and column, the first twenty told."""

from collections.abc import Sequence
from typing import NamedTuple

from converge_cli.core.errors import ConvergeError

_TOLD = 20


class InputProblem(NamedTuple):
    """One problem; `row` is a 1-based line (CSV, YAML) or record (JSON), None for the file as a whole."""

    row: int | None
    column: str | None
    message: str

    def told(self, file: str) -> str:
        """The problem as one line."""
        place = file if self.row is None else f"{file}, row {self.row}"
        place += f", column {self.column}" if self.column is not None else ""
        return f"{place}: {self.message}"


class InputError(ConvergeError):
    """An input that can't become Seeds; all problems are in `problems`."""

    code = "INPUT_INVALID"

    def __init__(self, file: str, problems: Sequence[InputProblem], hint: str | None = None) -> None:
        self.problems = tuple(problems)
        lines = [problem.told(file) for problem in self.problems[:_TOLD]]
        more = len(self.problems) - len(lines)
        if more > 0:
            lines.append(f"and {more} more problems")
        first = self.problems[0]
        where = file if first.row is None else f"{file}:{first.row}"
        super().__init__("\n".join(lines), hint=hint or "mend the file and run again", where=where)
