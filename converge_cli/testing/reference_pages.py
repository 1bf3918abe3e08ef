"""The generated pages of docs/: every step and every diagnostic, from the tables that the compiler itself uses.

`python -m converge_cli.testing.reference_pages docs` writes them. Must never hold a sentence about a single step or
code: what a page says of one comes from its table.
"""

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import get_args

from converge_cli.app.explain.explain_code import explain_codes
from converge_cli.core.context_key import ContextKey
from converge_cli.core.predicate import Comparison
from converge_cli.truth.codes import CATALOGUE as DIAGNOSTICS
from converge_cli.truth.codes import GROUPS
from converge_cli.truth.step_catalogue import CATALOGUE as STEPS
from converge_cli.truth.step_catalogue import Keyword, Scope
from converge_cli.truth.step_tables import RULES

_MADE = "<!-- Written by `python -m converge_cli.testing.reference_pages docs`; edits here are lost. -->"

_STEPS_HEAD = """# Steps

Every sentence that a feature or a truth.yaml may use. There is no other: an unknown step is an error, with a guess at
what was meant. In truth.yaml a sentence stands without its keyword (`given:` and `then:` say it). [guide.md](guide.md)
tells what the sorts of scenarios mean.

- `"K"` is a context key: {keys}.
- `VALUE` is `"quoted text"`, a number, `true`, `false` or an ISO date; `N` is a count, `X` a number.
- `a|b` means one of these words; `[...]` may be left out. *fact* and *facts*, *exist* and *exists* are the same.
- `SEL` selects by id, by field, or both: `with id "glob"`, then `where field "f" TEST`. In a glob `*` matches anything,
  colons included. A field is a dotted path into the payload.
- `TEST` is one of: {tests}. All but `exists` take a `VALUE`;
  `is one of` takes several with commas, `matches` a regular expression between slashes.
"""

_SCOPES: Mapping[Scope, tuple[str, str]] = {
    "rule": (
        "Rules",
        "In scenarios tagged `@invariant`, `@validation` and `@suggestor`, and in truth.yaml.",
    ),
    "contract": ("Contracts", "In scenarios tagged `@suggestor`, beside the rules."),
    "example": ("Examples", "In scenarios tagged `@e2e` only."),
}
_KEYWORDS: Mapping[Keyword, str] = {"given": "Given", "when": "When", "then": "Then"}

_CODES_HEAD = """# Codes of findings

What `converge validate` and every command that reads a truth may find; `converge explain CV014` shows one of them. The
meaning of a code never changes; new ones are added at the end. A finding also names its place (file:line:column) and
its fix.

A comment on the line at fault, or on a line of its own above it, suppresses a finding for a reason:
`# converge: ignore CV041 -- the customer's words` (in Cedar with `//`; in a feature only above the line, since Gherkin
knows no comment behind a step). What it suppresses is counted, and listed in `--json` and SARIF. Only warnings that
are a matter of judgement and a few guesses can be suppressed; each code says so below. `--select` and `--ignore` take
codes, names, groups and beginnings such as `CV04`.
"""

_LANGUAGES = {"feature": "gherkin", "policy": "cedar"}


def steps_page() -> str:
    """docs/steps.md."""
    head = _STEPS_HEAD.format(
        keys=", ".join(key.value for key in ContextKey), tests=", ".join(f"`{word}`" for word in get_args(Comparison))
    )
    return "\n".join([_MADE, "", head, *_sections(), *_rules()])


def codes_page() -> str:
    """docs/codes.md."""
    rows = [f"| {kind.code} | {kind.name} | {kind.severity} | {kind.group} | {kind.title} |" for kind in DIAGNOSTICS]
    table = ["| code | name | severity | group | title |", "|---|---|---|---|---|", *rows, ""]
    groups = [line for name, about in GROUPS.items() for line in _group(name, about)]
    return "\n".join([_MADE, "", _CODES_HEAD, *table, *groups])


def _group(name: str, about: str) -> Iterator[str]:
    yield from (f"## {name}: {about}", "")
    for item in explain_codes(name):
        yield from (
            f"### {item['code']} {item['name']}",
            "",
            f"{item['title']} ({item['severity']}). {item['why']}",
            "",
        )
        example = item["example"]
        if example is not None:
            language = _LANGUAGES.get(example["where"], "yaml")
            yield from (f"Found ({example['bad_where']}):", "", f"```{language}", example["bad"], "```", "")
            yield from ("Mended:", "", f"```{language}", example["good"], "```", "")
        if item["spoken"] is not None:
            yield from (f"For example: {item['spoken']}", "")
        yield from (f"Suppress: {_code_or_words(item['suppress'])}.", "")


def _code_or_words(text: str) -> str:
    return f"`{text}`" if text.startswith("#") else text


PAGES = {"steps.md": steps_page, "codes.md": codes_page}
"""File name below docs/ -> what it must hold."""


def write_pages(folder: Path) -> list[Path]:
    """Write every page into a folder; returns the files."""
    written = []
    for name, page in PAGES.items():
        path = folder / name
        path.write_text(page(), encoding="utf-8")
        written.append(path)
    return written


def _sections() -> Iterator[str]:
    for scope, (title, where) in _SCOPES.items():
        yield from (f"## {title}", "", where, "", "```text")
        for keyword, word in _KEYWORDS.items():
            for step in STEPS:
                if (step.scope, step.keyword) == (scope, keyword):
                    below = "" if step.wanted == "nothing" else f"    <- a {step.wanted} below"
                    yield f"{word} {step.template.shown}{below}"
        yield from ("```", "")


def _rules() -> Iterator[str]:
    yield from ("## Rules of the table `it must include:`", "", "Its header is `| field | rule |`.", "", "```text")
    yield from RULES
    yield from ("```", "")


if __name__ == "__main__":
    for path in write_pages(Path(sys.argv[1] if len(sys.argv) > 1 else "docs")):
        sys.stdout.write(f"{path}\n")
