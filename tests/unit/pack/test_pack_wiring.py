"""wiring.yaml: what serves the suggestors of one deployment, and never what must be true."""

from decimal import Decimal

import pytest

from converge_cli.pack.wiring import ProvidersSection, Requirements, StorageSection, SuggestorWiring, read_wiring
from converge_cli.truth.findings import Findings
from converge_cli.truth.source import Source

WHOLE = """\
wiring: v1
requires: {converge: ">=0.1"}
suggestors:
  summarise: {requirements: analysis}
  search:
    backend: ollama
    requirements: {capabilities: [web_search], cost: medium, latency: 20s, context: 32000, structured_output: true,
                   sovereignty: [eu], compliance: [gdpr], offline: false, replayable: true}
providers: {prefer: [ollama, anthropic], exclude: [openai]}
data_classification: internal
budget: {cycles: 20, facts: 1000, time: 5m, tokens: 200000, cost_usd: 2.00}
storage: {backend: sqlite, path: runs}
"""


def _found(text: str, suggestors: list[str] | None = None) -> list[tuple[str, int, int, str, str]]:
    findings = Findings()
    read = read_wiring(Source("wiring.yaml", text.encode()), findings, suggestors)
    assert (read is None) == bool(findings.sorted())
    return [(item.name, item.line, item.column, item.message, item.fix) for item in findings.sorted()]


def test_every_key_of_a_wiring_is_read() -> None:
    """Durations are seconds, money is Decimal, the rest is as written."""
    wiring = read_wiring(Source("wiring.yaml", WHOLE.encode()), Findings(), ["summarise", "search"])
    needs = Requirements(
        ("web_search",), "medium", Decimal(20), 32000, True, ("eu",), ("gdpr",), offline=False, replayable=True
    )

    assert wiring is not None
    assert {"summarise": SuggestorWiring("analysis"), "search": SuggestorWiring(needs, "ollama")} == wiring.suggestors
    assert ProvidersSection(("ollama", "anthropic"), ("openai",)) == wiring.providers
    assert ("internal", Decimal("2.00"), Decimal(300)) == (
        wiring.data_classification,
        wiring.budget.cost_usd,
        wiring.budget.time,
    )
    assert StorageSection("sqlite", "runs") == wiring.storage


def test_the_version_of_the_form_may_be_left_out() -> None:
    """An empty mapping wires nothing and is right."""
    assert [] == _found("{}")


@pytest.mark.parametrize(
    ("text", "line", "key"),
    [
        ("success_criteria: []", 1, "success_criteria"),
        ("forbidden_terms: [guaranteed]", 1, "forbidden_terms"),
        ("thresholds: {price: 5}", 1, "thresholds"),
        ("parameters: {procurement: {}}", 1, "parameters"),
        ("approval_points: []", 1, "approval_points"),
        ("suggestors:\n  search: {min_confidence: 0.5}", 2, "min_confidence"),
        ("suggestors:\n  search:\n    requirements: {quality_threshold: 1}", 3, "quality_threshold"),
        ("providers: {must_not: [x]}", 1, "must_not"),
        ("budget: {score_weights: 1}", 1, "score_weights"),
    ],
)
def test_a_business_rule_is_refused_by_name_wherever_it_stands(text: str, line: int, key: str) -> None:
    """What must be true holds for every deployment, so no deployment can say it."""
    [(name, at, _, message, fix)] = _found(text)
    assert (
        "business-rule-in-wiring",
        line,
        f"{key!r} is a business rule: wiring says what runs where, never what must be true",
        "move it to truth.yaml or the feature, which hold for every deployment",
    ) == (name, at, message, fix)


def test_suggestors_may_have_names_of_any_words() -> None:
    """Only keys of the file are its author's choice; names come from packs."""
    assert [] == _found("suggestors: {score_criteria: {backend: local}, 'evaluate:price': {requirements: analysis}}")


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        ("provider: {}", ("unknown-key", 1, 1, "unknown key 'provider'", "did you mean providers?")),
        ("wiring: v2", ("invalid-value", 1, 9, "wiring must be 'v1', not 'v2'", "mend the value")),
        (
            "suggestors: {search: {backend: antropic}}",
            (
                "invalid-value",
                1,
                32,
                "suggestors.search.backend must be 'anthropic', 'gemini', 'local', 'ollama', 'openai', 'perplexity' or "
                "'scripted', not 'antropic'",
                "did you mean anthropic?",
            ),
        ),
        (
            "suggestors: {search: {requirements: []}}",
            ("invalid-value", 1, 37, "suggestors.search.requirements must be text or a mapping, not a list",
             "mend the value"),
        ),
        (
            "suggestors: {search: {}}",
            ("missing-key", 1, 14, "nothing is said of search", "add requirements: or backend:"),
        ),
        (
            "suggestors: {serch: {backend: local}}",
            ("undefined-check", 1, 14, "the truth has no suggestor serch", "did you mean search?"),
        ),
        (
            'requires: {converge: ">=99"}',
            ("invalid-value", 1, 22, "the wiring needs Converge >=99; this is 0.1.0", "update one"),
        ),
        (
            'requires: {converge: "newest"}',
            ("invalid-value", 1, 22, "requires.converge is 'newest'; write a range such as >=0.1 or >=0.1,<2",
             "mend the value"),
        ),
        (
            "providers: {prefer: [openai], exclude: [openai]}",
            ("invalid-value", 1, 22, "openai is excluded by this file", "take it out of one of the two"),
        ),
        (
            "data_classification: restricted\nsuggestors: {search: {backend: openai}}",
            ("invalid-value", 2, 32, "restricted data never leave the machine, and openai is elsewhere",
             "take one of local, ollama, scripted"),
        ),
    ],
)  # fmt: skip
def test_what_could_never_work_is_found(text: str, finding: tuple[str, int, int, str, str]) -> None:
    """Each at its place, with what mends it."""
    assert [finding] == _found(text, ["search"])


def test_a_name_is_not_called_unknown_when_the_suggestors_are_not() -> None:
    """A truth that does not compile says nothing of its suggestors."""
    assert [] == _found("suggestors: {serch: {backend: local}}")
