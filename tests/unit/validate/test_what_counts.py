"""Which findings count: suppressed ones with their reason do not, ids stay, codes can be chosen."""

from itertools import pairwise

import pytest
from small_site import Site, codes, told

from converge_cli.app.validate.counted import Choice
from converge_cli.truth.codes import CATALOGUE, GROUPS, kinds_named, nearest_word
from converge_cli.truth.suppression import read_suppressions

HEDGED = "title: A note is perhaps written"


def test_a_comment_with_a_reason_suppresses_a_finding_on_its_line_or_below(site: Site) -> None:
    """It is counted, with its reason, and counts for nothing else."""
    site.replace(Site.TRUTH, "title: A note is written", f"{HEDGED}  # converge: ignore CV041 -- quoted")
    site.replace(
        Site.FEATURE, "  @e2e", "  # converge: ignore hedging-word -- the customer's words\n\n  # more\n  @e2e"
    )
    site.replace(Site.FEATURE, "  Scenario: A note is written", "  Scenario: A note might be written")
    found = site.validate()
    assert [] == told(found)
    assert [("CV041", "the customer's words"), ("CV041", "quoted")] == [
        (item.code, item.suppressed) for item in found.suppressed
    ]


def test_a_comment_suppresses_only_its_code_and_its_lines(site: Site) -> None:
    """The finding two lines below stays, and the comment is said to do nothing."""
    site.replace(Site.TRUTH, "key: small", "# converge: ignore CV041 -- elsewhere\nkey: small")
    site.replace(Site.TRUTH, "title: A note is written", HEDGED)
    assert ["unused-suppression truths/small/truth.yaml:2:1", "hedging-word truths/small/truth.yaml:5:18"] == told(
        site.validate()
    )


def test_prose_that_reads_like_a_step_can_be_suppressed_and_the_truth_still_compiles(site: Site) -> None:
    """The finding rests on a guess; what the author says about it holds for `run` too."""
    from converge_cli.app.load_truth import load_truth

    prose = "    # converge: ignore swallowed-line -- the customer's name\n    Thenn is the name of a customer.\n\n"
    site.replace(Site.FEATURE, "  Scenario: A note has text\n", f"  Scenario: A note has text\n{prose}")
    found = site.validate()
    assert ([], ["swallowed-line"]) == (told(found), [item.name for item in found.suppressed])
    assert load_truth(site.services(), "small").job is not None


MARK = "# converge: ignore CV041 -- why"


@pytest.mark.parametrize(
    ("file", "text", "found"),
    [
        ("a.yaml", f'title: "A note {MARK}"', []),
        ("a.yaml", f"title: 'A note\n  {MARK}'", []),
        ("a.yaml", f"title: |\n  {MARK}\n  more\n{MARK}\nkey: a", [4]),
        ("a.yaml", f"title: >-\n  more\n\n  {MARK}\n{MARK}\nkey: a", [5]),
        ("a.yaml", f'title: "one"  {MARK}', [1]),
        ("a.yaml", f"{MARK}\ntitle: [", [1]),
        ("a.feature", f'  """\n  {MARK}\n  """\n  {MARK}', [4]),
        ("a.feature", f'  ```\n  """\n  {MARK}\n  ```\n  {MARK}', [5]),
        ("a.cedar", '@id("// converge: ignore CV041 -- why")', []),
        ("a.cedar", '@id("a \\" b") // converge: ignore CV041 -- why', [1]),
        ("a.cedar", '// "\n// converge: ignore CV041 -- why\n// "', [2]),
    ],
)
def test_what_looks_like_a_comment_in_a_string_suppresses_nothing(file: str, text: str, found: list[int]) -> None:
    """A title that tells how to suppress is a title; a real comment around it counts."""
    assert found == [item.line for item in read_suppressions(file, text.split("\n"))]


@pytest.mark.parametrize(
    ("file", "line", "at", "codes"),
    [
        ("a.yaml", "a: 1  # converge: ignore CV041 -- why", 7, ("CV041",)),
        ("a.yaml", "#converge:ignore cv041,hedging-word CV039 -- why", 1, ("CV041", "CV041", "CV039")),
        ("a.cedar", "permit (principal); // Converge: Ignore CV041 -- why", 21, ("CV041",)),
        ("a.feature", "  # converge: ignore CV041 -- a -- b", 3, ("CV041",)),
        ("a.yaml", "a: text#converge: ignore CV041 -- why", None, ()),
        ("a.cedar", "# converge: ignore CV041 -- why", None, ()),
        ("a.yaml", "# converge: validate is run by CI", None, ()),
        ("a.yaml", "# converge: ignore CV041 because", 1, ()),
        ("a.yaml", "# converge: ignore CV041 --", 1, ()),
        ("a.yaml", "# converge: ignore CV014 -- why", 1, ()),
        ("a.yaml", "# converge: ignore -- why", 1, ()),
        ("a.yaml", "# converge: ignroe CV041 -- why", 1, ()),
    ],
)
def test_suppressions_are_read_where_comments_are(file: str, line: str, at: int | None, codes: tuple[str, ...]) -> None:
    """Whatever its case and spacing; without code, reason or right word it is there, and suppresses nothing."""
    found = read_suppressions(file, [line])
    assert ([] if at is None else [(at, codes)]) == [(item.column, item.codes) for item in found]
    assert all((item.problem is None) == bool(item.codes) for item in found)


def test_what_keeps_a_truth_from_running_and_gaps_can_not_be_suppressed() -> None:
    """Otherwise validate would pass what run refuses, and --strict what nothing shows."""
    free = {kind.name for kind in CATALOGUE if kind.suppressible}
    errors = {kind.name for kind in CATALOGUE if kind.severity == "error"}
    assert {"swallowed-line", "unused-column", "duplicate-name"} == free & errors
    assert {"hedging-word", "vacuous-check", "unused-step"} <= free
    assert not free & {"not-exercised", "deferred-clause", "manual-scenario", "soft-violated", "unused-suppression"}


def test_an_id_survives_edits_elsewhere_and_differs_between_findings(site: Site) -> None:
    """Lines above, indentation and the place where one stands do not matter; equal lines are told apart."""
    site.replace(Site.TRUTH, "title: A note is written", HEDGED)
    site.replace(Site.FEATURE, "  Scenario: A note is written", "  Scenario: A note might be written")
    before = site.validate()
    site.replace(Site.TRUTH, "truth: v1", "# a comment\n\ntruth: v1")
    site.replace(Site.FEATURE, "  Scenario: A note might", "    Scenario:  A note might")
    after = site.validate(folder=site / "truths")
    assert {item.id for item in before.diagnostics} == {item.id for item in after.diagnostics}
    site.write("truths/twice/truth.yaml", "truth: v1\nshape: 1\nsize: 1\n")
    ids = [item.id for item in site.validate().diagnostics]
    assert len(ids) == len(set(ids))
    assert {16} == {len(item) for item in ids}


def test_codes_can_be_chosen_and_what_is_left_out_is_counted(site: Site) -> None:
    """By code; nothing disappears without a number."""
    site.replace(Site.TRUTH, "title: A note is written", HEDGED)
    site.replace(Site.FEATURE, "@structural", "@structural @odd")
    every = site.validate()
    one = site.validate(choice=Choice(select=codes("CV041")))
    others = site.validate(choice=Choice(ignore=codes("CV041")))
    assert ["hedging-word truths/small/truth.yaml:4:18"] == told(one)
    assert sorted(told(every)) == sorted(told(one) + told(others))
    assert (len(told(every)) - 1, 1, 0) == (one.left_out, others.left_out, every.left_out)


def test_words_mean_codes_names_groups_and_beginnings() -> None:
    """In any case; a word that means nothing has a neighbour."""
    assert (
        ["CV014"] == [kind.code for kind in kinds_named("cv014")] == [kind.code for kind in kinds_named("Unknown-Step")]
    )
    assert [f"CV01{digit}" for digit in range(10)] == [kind.code for kind in kinds_named("CV01")]
    assert {kind.code for kind in CATALOGUE} == {kind.code for group in GROUPS for kind in kinds_named(group)}
    assert ((), (), ()) == (kinds_named("CV999"), kinds_named(""), kinds_named("unknown"))
    assert ("unknown-step", "gherkin") == (nearest_word("unknwon-step"), nearest_word("gerkin"))


def test_findings_are_in_order_of_files_and_places(site: Site) -> None:
    """The same order each time."""
    site.replace(Site.TRUTH, "title: A note is written", f"zeal: 1\nshape: 1\n{HEDGED}")
    site.replace(Site.FEATURE, "@structural", "@structural @odd")
    found = [(item.file, item.line, item.column) for item in site.validate().diagnostics]
    assert len(found) > 2
    assert all(left <= right for left, right in pairwise(found))
