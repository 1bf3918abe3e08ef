"""Keeps what the runs of each truth came to during one behave run. Must never write to the user's store."""

import asyncio
from dataclasses import replace
from pathlib import Path

from converge_cli.app.examples.run_examples import run_truth_examples
from converge_cli.app.examples.truth_examples import TruthExamples, told
from converge_cli.app.services import Services
from converge_cli.app.truth_shelf import TruthShelf
from converge_cli.app.validate.validate_truths import NothingToValidateError, truths_using
from converge_cli.bootstrap import make_services
from converge_cli.core.errors import ConvergeError
from converge_cli.settings import load_settings
from converge_cli.testing.behave.judgement import Judgement, judge_scenario, together
from converge_cli.truth.catalog import TruthLocation
from converge_cli.truth.diagnostics import InvalidTruthError


class ExampleBook:
    """Truths by feature file, and their runs, each made once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._services: dict[Path, Services] = {}
        self._strange: set[Path] = set()
        self._users: dict[Path, tuple[TruthLocation, ...] | str] = {}
        self._examples: dict[Path, TruthExamples | str] = {}

    def judge(self, feature: Path, line: int, row: int = 0) -> Judgement:
        """The scenario that begins at a line of a feature file; `row` is the outline's row, from 1, else 0."""
        return together([self._judge(item, feature.name, line, row) for item in self._of(feature)])

    def knows(self, feature: Path) -> bool:
        """Whether a truth uses a feature file."""
        self._users_of(feature.resolve())
        return feature.resolve() not in self._strange

    def own_fault(self, feature: Path) -> str:
        """What the runs on their own inputs show to be broken in the truths of a feature; empty when nothing."""
        faults = [(item.truth.location.key, item.own_fault) for item in self._of(feature) if not isinstance(item, str)]
        return "\n".join(f"{key}: {fault}" for key, fault in faults if fault)

    def problem(self, feature: Path) -> str:
        """Why nothing in a feature file can be judged; empty when something can."""
        return "\n".join(item for item in self._of(feature) if isinstance(item, str))

    def _judge(self, examples: TruthExamples | str, file: str, line: int, row: int) -> tuple[str, Judgement]:
        if isinstance(examples, str):
            return file, Judgement(whole=examples)
        return examples.truth.location.key, judge_scenario(examples, file, line, row)

    def _of(self, feature: Path) -> list[TruthExamples | str]:
        feature = feature.resolve()
        users = self._users_of(feature)
        services = self._services_for(feature.parent)
        return [users] if isinstance(users, str) else [self._run(services, location) for location in users]

    def _users_of(self, feature: Path) -> tuple[TruthLocation, ...] | str:
        """The jobs that judge a feature file, or why there is none."""
        if feature not in self._users:
            try:
                self._users[feature] = _jobs(self._services_for(feature.parent), feature)
            except NothingToValidateError as error:
                self._strange.add(feature)
                self._users[feature] = told(error)
            except ConvergeError as error:
                self._users[feature] = told(error)
        return self._users[feature]

    def _run(self, services: Services, location: TruthLocation) -> TruthExamples | str:
        file = location.file.resolve()
        if file not in self._examples:
            try:
                self._examples[file] = asyncio.run(run_truth_examples(services, location))
            except InvalidTruthError as error:
                self._examples[file] = f"truth {location.key} does not compile:\n{_findings(error)}"
            except ConvergeError as error:
                self._examples[file] = f"truth {location.key} can't be run: {told(error)}"
        return self._examples[file]

    def _services_for(self, folder: Path) -> Services:
        if folder not in self._services:
            # The people of the project hold here too; its store does not: these runs are nobody's record.
            settings = replace(load_settings(folder), storage_backend="memory")
            self._services[folder] = make_services(self._folder, settings=settings)
        return self._services[folder]


def _jobs(services: Services, feature: Path) -> tuple[TruthLocation, ...] | str:
    """The jobs that a feature is judged in: those of a shared truth are the ones that it applies to."""
    shelf = TruthShelf(services)
    users = tuple(truths_using(services, feature))
    jobs = tuple(dict.fromkeys(job for user in users for job in shelf.jobs_of(user)))
    return jobs or f"{users[0].key} applies to no job, so nothing can be judged"


def _findings(error: InvalidTruthError) -> str:
    return "\n".join(
        f"{item.file}:{item.line}:{item.column}: {item.code} {item.message}" + (f" ({item.fix})" if item.fix else "")
        for item in error.diagnostics
        if item.severity == "error"
    )
