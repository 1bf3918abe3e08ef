"""Policy and invariant truths in the jobs that they apply to."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from converge_cli._internal.canonical_json import encode
from converge_cli.truth.compiler import Compilation, compile_truth
from converge_cli.truth.source import Source
from converge_cli.truth.surroundings import JobHeader, SharedText, Surroundings

POLICY = """truth: v1
key: spending
kind: policy
title: Offers are cheap
applies_to: [plain]
authority:
  must_not: [{id: dear, text: A dear offer is made, guarded_by: cheap}]
  requires_approval: [pay]
constraints:
  - {id: cheap, severity: hard, given: 'any proposal under key "Strategies" with id "offer:*"',
     then: ['field "price" must be at most 100']}
approval_points:
  - {id: pay, role: boss, approves: 'any proposal under key "Strategies" with id "offer:*"'}
hitl: [{when: {kind: offer, confidence_at_most: 0.5}, point: pay}]
"""
INVARIANT = """truth: v1
key: scores
kind: invariant
title: Scores are small
pack: shop
"""
FEATURE = """Feature: Scores are small
  @invariant @structural @id:small
  Scenario: A score is at most one
    Given any fact under key "Evaluations" with id "score:*"
    Then field "value" must be at most 1

  @e2e
  Scenario: All scores are small
    When the truth runs to convergence
    Then invariant "small" holds
"""
Merge = Callable[..., Compilation]


@pytest.fixture
def merge(shop: Any, contract: str) -> Merge:
    """Compiles the plain job beside shared truths (text, feature)."""

    def compile_it(*shared: tuple[str, str], more: str = "") -> Compilation:
        texts = tuple(
            SharedText(
                Source(f"truths/shared{number}/truth.yaml", text.encode()),
                (Source(f"shared{number}.feature", feature.encode()),) if feature else (),
            )
            for number, (text, feature) in enumerate(shared)
        )
        job = Source("truths/plain/truth.yaml", (contract + more).encode())
        return compile_truth(job, [], shop.Shelf(), around=Surroundings(shared=texts))

    return compile_it


def _told(compiled: Compilation) -> list[tuple[str, str]]:
    return [(item.name, f"{item.file}:{item.line}") for item in compiled.diagnostics]


def test_what_applies_becomes_part_of_the_job(merge: Merge) -> None:
    """Constraints, points, required approvals, rules, limits and scenarios; in the order of the shared truths."""
    job = merge((INVARIANT, FEATURE), (POLICY, "")).job
    assert job is not None
    assert ("scores", "spending") == job.merged
    assert ["required_pay", "small"] == [item.id for item in job.invariants]
    assert ["cheap"] == [item.id for item in job.validations]
    assert (["pay"], ("pay",), ["pay"]) == (
        [point.id for point in job.approval_points],
        job.required_approvals,
        [rule.point for rule in job.hitl],
    )
    assert ["criterion scored", "must_not dear", "requires_approval pay", "constraint cheap"] == [
        f"{clause.clause} {clause.id}" for clause in job.clauses
    ]


def test_a_merged_check_keeps_the_place_where_it_was_written(merge: Merge) -> None:
    """Every truth.yaml has the same name, so the key of its truth stands before it; a feature has its own name."""
    job = merge((INVARIANT, FEATURE), (POLICY, "")).job
    assert job is not None
    origins = [item.origin for items in (job.invariants, job.validations) for item in items]
    assert [("spending/truth.yaml", 8), ("shared0.feature", 3), ("spending/truth.yaml", 10)] == [
        (origin.file, origin.line) for origin in origins if origin is not None
    ]


def test_examples_of_shared_truths_are_examples_of_the_job(merge: Merge) -> None:
    """So they run with the packs and inputs of every job that the truth applies to."""
    assert ["all_scores_are_small"] == [example.id for example in merge((INVARIANT, FEATURE)).examples]


@pytest.mark.parametrize(
    ("applies", "merged"), [("[other]", ()), ("['*']", ("spending",)), ("[other, plain]", ("spending",))]
)
def test_a_policy_applies_to_the_jobs_that_it_names(merge: Merge, applies: str, merged: tuple[str, ...]) -> None:
    """By key, or all of them."""
    job = merge((POLICY.replace("[plain]", applies), "")).job
    assert job is not None
    assert merged == job.merged


def test_an_invariant_truth_applies_to_the_jobs_that_list_its_pack(merge: Merge) -> None:
    """Whatever their keys."""
    job = merge((INVARIANT.replace("pack: shop", "pack: press"), FEATURE)).job
    assert job is not None
    assert () == job.merged


def test_what_was_merged_is_part_of_the_job_as_data(merge: Merge) -> None:
    """So another policy is another job, with another digest."""
    one, other = merge((POLICY, "")).job, merge((POLICY.replace("at most 100", "at most 99"), "")).job
    assert encode(one) != encode(other)
    assert encode(one) == encode(merge((POLICY, "")).job)


@pytest.mark.parametrize(
    "broken",
    [
        POLICY.replace("title: Offers are cheap\n", ""),
        POLICY.replace("applies_to: [plain]\n", ""),
        POLICY.replace("kind: policy", "kind: polcy"),
        POLICY.replace("[plain]", "[plain"),
    ],
)
def test_a_broken_policy_stops_the_job_that_it_might_apply_to(merge: Merge, broken: str) -> None:
    """The finding stands in the policy's own file, and nothing else is found because of it."""
    compiled = merge((broken, ""))
    assert None is compiled.job
    assert {"truths/shared0/truth.yaml"} == {item.file for item in compiled.diagnostics}


def test_a_broken_policy_of_another_job_is_none_of_this_ones_business(merge: Merge) -> None:
    """Only what applies, or might, counts."""
    compiled = merge((POLICY.replace("[plain]", "[other]").replace("title:", "titel:"), ""))
    assert ((), ()) == (compiled.diagnostics, compiled.job.merged if compiled.job else None)


def test_an_id_that_two_truths_declare_is_an_error_that_names_both(merge: Merge) -> None:
    """Whether the job has it or another shared truth."""
    more = "constraints:\n  - {id: cheap, severity: soft, then: ['no fact under key \"Signals\" exists']}\n"
    compiled = merge((POLICY, ""), more=more)
    assert [("duplicate-id", "truths/shared0/truth.yaml:10")] == _told(compiled)
    assert "first at truths/plain/truth.yaml:" in compiled.diagnostics[0].message


def test_a_job_and_a_policy_may_require_the_same_approval(merge: Merge) -> None:
    """It is required once; the job's own clause says so."""
    policy = POLICY[: POLICY.index("approval_points")]
    more = (
        "authority: {requires_approval: [pay]}\n"
        "approval_points: [{id: pay, role: boss, approves: 'any proposal under key \"Strategies\"'}]\n"
    )
    compiled = merge((policy, ""), more=more)
    assert compiled.job is not None
    assert (("pay",), 1) == (
        compiled.job.required_approvals,
        sum(clause.clause == "requires_approval" for clause in compiled.job.clauses),
    )


def test_what_a_policy_names_is_checked_in_the_job(merge: Merge) -> None:
    """Its kinds are those of the job's packs."""
    compiled = merge((POLICY.replace('"offer:*"\',\n', '"ofer:*"\',\n'), ""))
    assert [("unknown-kind", "truths/shared0/truth.yaml:10")] == _told(compiled)


def test_a_timeout_of_a_policy_escalates_to_the_role_of_the_job(merge: Merge) -> None:
    """A job without one can't take the policy in."""
    policy = POLICY.replace("role: boss,", "role: boss, timeout: {after: 1d, action: escalate},")
    assert [("missing-key", "truths/shared0/truth.yaml:13")] == _told(merge((policy, "")))
    assert [] == _told(merge((policy, ""), more="exception: {escalates_to: chief}\n"))


def test_two_features_of_one_name_are_told_apart_by_nothing(merge: Merge, shop: Any, contract: str) -> None:
    """Scenarios are reported by the name of their file and their line."""
    shared = SharedText(Source("truths/x/truth.yaml", INVARIANT.encode()), (Source("b/x.feature", FEATURE.encode()),))
    own = FEATURE.replace("small", "tiny")
    compiled = compile_truth(
        Source("truth.yaml", contract.encode()),
        [Source("a/x.feature", own.encode())],
        shop.Shelf(),
        around=Surroundings(shared=(shared,)),
    )
    assert [("duplicate-name", "truths/x/truth.yaml:1")] == _told(compiled)


def _alone(shop: Any, text: str, jobs: Sequence[JobHeader] | None) -> list[tuple[str, str]]:
    around = Surroundings(jobs=None if jobs is None else tuple(jobs))
    compiled = compile_truth(Source("t.yaml", text.encode()), [], shop.Shelf(), around=around)
    assert None is compiled.job
    return _told(compiled)


def test_a_shared_truth_by_itself_is_checked_against_its_folder(shop: Any) -> None:
    """Fine with a job that it applies to; a finding with none."""
    plain = JobHeader("plain", ("shop",))
    assert [[], []] == [_alone(shop, text, [plain]) for text in (POLICY, INVARIANT)]
    assert [("misapplied-truth", "t.yaml:5")] == _alone(shop, POLICY, [JobHeader("plane")])
    assert [("misapplied-truth", "t.yaml:5")] == _alone(shop, INVARIANT, [JobHeader("plain", ("press",))])
    assert [("misapplied-truth", "t.yaml:3")] == _alone(shop, INVARIANT, None)


def test_sentences_of_a_shared_truth_are_read_even_where_it_applies_to_nothing(shop: Any) -> None:
    """Its form is checked without any job; what it names can't be."""
    broken = POLICY.replace("must be at most 100", "must be at mots 100").replace("offer:*", "nothing:*")
    assert [("misapplied-truth", "t.yaml:5"), ("unknown-step", "t.yaml:11")] == _alone(shop, broken, [])
