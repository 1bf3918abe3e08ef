"""Starts a project: the three folders, settings, a truth that runs, a CI job that validates. Overwrites nothing."""

from pathlib import Path

from converge_cli.core.errors import ConvergeError
from converge_cli.core.ids import slug

_TRUTH = """\
truth: v1
key: {key}
kind: job
title: Every request gets an answer

job:
  actor: Team lead
  functional: Answer what people ask
  so_that: Nobody waits without knowing why
  failure_modes:
    - {{id: unanswered, text: A request stays without an answer, guarded_by: every_request_answered}}

packs: [{pack}]

inputs:
  requests: {{file: requests.csv, kind: request, id: "request:{{id}}", as: rows}}

budget: {{cycles: 20, facts: 10000, time: 1m}}

success_criteria:
  - id: answered
    description: There is an answer
    required: true
    then: ['the Context key "Evaluations" contains at least 1 fact with id "answer:*"']

outputs: {{answers: 'any fact under key "Evaluations" with id "answer:*"'}}
"""

_FEATURE = """\
Feature: Every request gets an answer

  @invariant @semantic @id:every_request_answered
  Scenario: No request stays without an answer
    Given any fact under key "Seeds" with id "request:*"
    Then for each "Seeds" fact with id "request:*" there exists a "Evaluations" fact with id "answer:*" referencing it

  @e2e
  Scenario: Two requests are answered
    Given input "requests" is:
      | id | question        |
      | 1  | When is lunch?  |
      | 2  | Where is lunch? |
    When the truth runs to convergence
    Then the stop reason is "CriteriaMet"
    And all invariants hold

  @e2e
  Scenario: An empty answer is refused
    Given suggestor "mischief" proposes "answer:1" under key "Evaluations":
      | field   | value |
      | request |       |
      | text    |       |
    When the truth runs to convergence
    Then proposal "answer:1" is rejected with "CONTENT_EMPTY"
"""

_PACK = '''\
"""A pack in one file: what a request and an answer are, and who answers."""

from converge_cli import ContextView, Effect, Fact, FactModel, Suggestor

PACK = {{
    "pack": "v1",
    "name": "{pack}",
    "version": "0.1.0",
    "description": "Answers requests",
    "kinds": {{"request": "Request", "answer": "Answer"}},
    "suggestors": ["Answerer"],
}}


class Request(FactModel, frozen=True):
    """A row of requests.csv."""

    id: str
    question: str


class Answer(FactModel, frozen=True):
    """What a request is answered with; `request` is the request's fact id."""

    request: str
    text: str


class Answerer(Suggestor):
    """Answers each request that has no answer yet."""

    name = "answerer"
    reads = ("Seeds:request:*",)
    writes = ("Evaluations:answer:*",)

    def accepts(self, view: ContextView) -> bool:
        """There is a request without an answer."""
        return bool(self._open(view))

    def execute(self, view: ContextView) -> Effect:
        """One answer per open request, resting on the request."""
        return Effect(
            view.propose(
                "Evaluations",
                f"answer:{{request.name}}",
                Answer(request=request.id, text=f"Noted: {{request.payload.question}}"),
                evidence=[request],
            )
            for request in self._open(view)
        )

    def _open(self, view: ContextView) -> tuple[Fact, ...]:
        return view.missing(each="Seeds:request:*", output="Evaluations:answer:{{name}}")
'''

_FILES = {
    "converge.yaml": (
        "# Settings of this project; the environment (CONVERGE_STORAGE_PATH ...) wins over them.\n"
        "storage: {{path: .converge}}\n"
    ),
    "truths/{key}/truth.yaml": _TRUTH,
    "truths/{key}/requests.csv": "id,question\n1,When is lunch?\n2,Where is lunch?\n",
    "truths/people.yaml": (
        "# Who may decide: give each person roles, an authority (advisory, participatory, supervisory, sovereign)\n"
        "# and the domains that policies know.\n"
        "people:\n"
        "  - {{id: lead, name: Team lead, roles: [lead], authority: supervisory, domains: [team]}}\n"
    ),
    "features/{key}.feature": _FEATURE,
    "features/environment.py": (
        '"""Hooks for behave: the truths judge the scenarios."""\n\n'
        "from converge_cli.testing.behave.hooks import *  # noqa: F403\n"
    ),
    "features/steps/converge_steps.py": (
        '"""Steps for behave: the language of truths."""\n\n'
        "from converge_cli.testing.behave.steps import *  # noqa: F403\n"
    ),
    "packs/{pack}.py": _PACK,
    ".gitignore": ".converge/\n__pycache__/\n",
    ".github/workflows/converge.yml": (
        "name: converge\n"
        "on: [push, pull_request]\n"
        "jobs:\n"
        "  validate:\n"
        "    runs-on: ubuntu-latest\n"
        "    steps:\n"
        "      - uses: actions/checkout@v4\n"
        "      - uses: actions/setup-python@v5\n"
        '        with: {{python-version: "3.11"}}\n'
        "      - run: pip install converge-cli\n"
        "      - run: converge validate\n"
        "      - run: behave\n"
        "      - run: converge run {key} --no-input\n"
    ),
}


class ProjectExistsError(ConvergeError):
    """A file of the new project is there already; nothing was written."""

    code = "PROJECT_EXISTS"


def init_project(folder: Path) -> list[Path]:
    """Write a new project into a folder; returns the files, in order.

    Raises:
        ProjectExistsError: a file would be overwritten.
        ConvergeError: the folder can't be written to.
    """
    key = "requests"
    names = {"key": key, "pack": slug(key)}
    files = {folder / path.format(**names): text.format(**names) for path, text in _FILES.items()}
    there = [path for path in files if path.exists()]
    if there:
        raise ProjectExistsError(
            f"{there[0]} is there already; nothing was written",
            hint="name another folder: converge init DIR",
            where=str(there[0]),
        )
    try:
        for path, text in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConvergeError(
            f"can't write to {folder}: {error.strerror}", hint="name another folder: converge init DIR"
        ) from error
    return list(files)
