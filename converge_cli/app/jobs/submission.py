"""What is submitted: a truth with what it is to be run with, as plain data that a worker can start from at any time."""

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from hashlib import sha256
from typing import Any

import msgspec

from converge_cli._internal.canonical_json import encode
from converge_cli.app.decide_approval import GivenApproval
from converge_cli.app.list_folder import InputFileError
from converge_cli.app.run_job import RunRequest
from converge_cli.core.budget import BudgetChange
from converge_cli.core.errors import ConvergeError
from converge_cli.truth.source import Source

_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}")
_MOST_LIMIT = 10**15
"""More than any run could use, and a number that every JSON library reads."""
_REASON = "given with the submission"


class InvalidSubmissionError(ConvergeError):
    """A submission does not say what to run in a way that can be understood."""

    code = "SUBMISSION_INVALID"


class GivenInput(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One input: a file's text or bytes, the files of a folder, or rows.

    Attributes:
        name: file name; its ending says the format. `input.json` for rows.
        text: what the file holds.
        base64: the same, for files that are no text.
        rows: records, instead of a file.
        files: the folder's files by their path in it, each as `text` or `base64`, instead of a file.
    """

    name: str = ""
    text: str | None = None
    base64: str | None = None
    rows: list[dict[str, Any]] | None = None
    files: "dict[str, GivenInput] | None" = None

    def source(self, what: str) -> Source:
        """The bytes, as if they had been read from a file of that name.

        Raises:
            InputFileError: nothing or too much was given, a name leads out of its folder, or it is no base64.
        """
        given = [part for part in (self.text, self.base64, self.rows, self.files) if part is not None]
        if len(given) != 1:
            told = f"{what}: give exactly one of text, base64, rows and files, not {len(given)}"
            raise InputFileError(told, hint='for example {"name": "vendors.csv", "text": "..."}', where=what)
        name = _safe_name(self.name, what) if self.name else _default_name(self)
        if self.rows is not None:
            return Source(name, encode(self.rows))
        if self.files is not None:
            return Source(f"{name}/", encode(list(_listing(self.files, what))))
        return Source(name, self._data(what))

    def _data(self, what: str) -> bytes:
        if self.text is not None:
            return self.text.encode()
        try:
            return base64.b64decode(self.base64 or "", validate=True)
        except (binascii.Error, ValueError) as error:
            raise InputFileError(f"{what}: it is no base64: {error}", hint="or give it as text", where=what) from None


class EarlyApproval(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A decision given along, as `--approve POINT[:FACT]=WHO` does.

    Attributes:
        by: person id; the caller when it is left out.
    """

    point: str
    fact: str | None = None
    by: str | None = None
    reason: str = _REASON


class Submission(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What to run; see `RunRequest`, whose words these are.

    Attributes:
        truth: key of a truth that is served; or `template`, which is the same by another name.
        parameters: pack -> what it is given, nested or with dotted names.
        seeds: `Key:id=content`.
        budget: limit -> number; `time` in seconds.
    """

    truth: str = ""
    template: str = ""
    inputs: dict[str, GivenInput] = {}
    parameters: dict[str, dict[str, Any]] = {}
    seeds: tuple[str, ...] = ()
    budget: BudgetChange | None = None
    approvals: tuple[EarlyApproval, ...] = ()
    principal: str | None = None
    strict: bool = False

    @property
    def name(self) -> str:
        """The key of the truth that is meant.

        Raises:
            InvalidSubmissionError: neither or both names are given, or it is a path and no key.
        """
        if bool(self.truth) == bool(self.template):
            raise InvalidSubmissionError(
                "a submission names one truth", hint='{"truth": "vendor-selection"}', where="truth"
            )
        name = self.truth or self.template
        if not _KEY.fullmatch(name):
            raise InvalidSubmissionError(
                f"{name[:80]!r} is no key of a truth", hint='{"truth": "vendor-selection"}', where="truth"
            )
        return name

    def request(self, caller: str) -> RunRequest:
        """What it asks the machinery for.

        Raises:
            ConvergeError: an input does not read.
        """
        approvals = (GivenApproval(item.point, item.fact, item.by or caller, item.reason) for item in self.approvals)
        return RunRequest(
            truth=self.name,
            inputs={name: given.source(f"input {name}") for name, given in self.inputs.items()},
            parameters={pack: dict(_paths(values)) for pack, values in self.parameters.items()},
            seeds=self.seeds,
            approvals=tuple(approvals),
            principal=self.principal,
            strict=self.strict,
            budget=_limits(self.budget),
        )


class ResumeRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """How a job at rest is gone on with; see `ResumeRun`.

    Attributes:
        accept_changes: go on although a pack or its policy is no longer as it was.
    """

    inputs: dict[str, GivenInput] = {}
    add_budget: BudgetChange | None = None
    accept_changes: bool = False

    def check(self) -> None:
        """Raises: ConvergeError: an input does not read, or a limit is none."""
        for name, item in self.inputs.items():
            item.source(f"input {name}")
        if self.add_budget is not None:
            check_limits(self.add_budget, "add_budget")


class Instructions(msgspec.Struct, frozen=True):
    """A wish for the next pass, as it is kept.

    Attributes:
        after: the run's sequence when it was wished; once it has been resumed so above it, the wish has been heeded.
    """

    request: ResumeRequest
    after: int


def _paths(values: Mapping[str, Any], above: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, value in values.items():
        path = (*above, *name.split("."))
        if isinstance(value, dict):
            yield from _paths(value, path)
        else:
            yield path, value


def _limits(given: BudgetChange | None) -> dict[str, int | Decimal]:
    """The limits that were given: one that was left out, or is 0, stays the truth's."""
    if given is None:
        return {}
    check_limits(given, "budget")
    return {name: value for name, value in msgspec.structs.asdict(given).items() if value}


def check_limits(given: BudgetChange, what: str) -> None:
    """Raises: InvalidSubmissionError: a limit is below zero, no number, or more than any run could use."""
    for name, value in msgspec.structs.asdict(given).items():
        number = Decimal(value)
        if not number.is_finite() or not 0 <= number <= _MOST_LIMIT:
            raise InvalidSubmissionError(
                f"{what}: {name} takes a number from 0 to {_MOST_LIMIT}, not {str(value)[:40]}",
                hint='for example {"cycles": 50, "time": "90"}',
                where=f"{what}.{name}",
            )


def _default_name(given: GivenInput) -> str:
    return "input.json" if given.rows is not None else "files" if given.files is not None else "input"


def _safe_name(name: str, what: str) -> str:
    parts = name.split("/")
    if len(name) > 255 or "\\" in name or not name.isprintable() or any(part in {"", ".", ".."} for part in parts):
        raise InputFileError(f"{what}: {name[:80]!r} is no file name", hint="a plain name: vendors.csv", where=what)
    return name


def _listing(files: Mapping[str, GivenInput], what: str) -> Iterator[dict[str, str | int]]:
    """What `list_folder` says of a folder with these files."""
    for name in sorted(files):
        data = files[name].source(f"{what}/{name}").data
        yield {"name": _safe_name(name, what), "size": len(data), "sha256": sha256(data).hexdigest()}
