"""The self-test passes with the engine that we ship on, and fails with one that lies."""

from types import SimpleNamespace

import cedarpy
import pytest

from converge_cli.policy.self_test import CASES, problems_of, self_test


def test_the_installed_engine_passes():
    """Nothing is wrong with cedarpy itself."""
    assert [] == self_test()


def _lying(decision: cedarpy.Decision, errors: list[str]) -> SimpleNamespace:
    def is_authorized(*_args: object, **_options: object) -> SimpleNamespace:
        diagnostics = SimpleNamespace(errors=errors, id_annotations_by_reason={})
        return SimpleNamespace(decision=decision, allowed=decision is cedarpy.Decision.Allow, diagnostics=diagnostics)

    return SimpleNamespace(**{**vars(cedarpy), "is_authorized": is_authorized})


def test_an_engine_that_always_allows_fails_every_case_but_none_of_validation():
    """An allow is wrong for refusals, and for the rules that it does not name."""
    assert len(CASES) == len(problems_of(_lying(cedarpy.Decision.Allow, [])))


def test_an_engine_that_swallows_errors_fails():
    """A denial without the error is not enough where an error is due."""
    problems = problems_of(_lying(cedarpy.Decision.Deny, []))
    expected = [f"{case.name}: Deny without an error" for case in CASES if case.decision is None]
    assert expected == [problem for problem in problems if "without an error" in problem]


def test_an_engine_that_always_errs_fails_where_it_must_decide():
    """Errors where none is due are problems, too."""
    problems = problems_of(_lying(cedarpy.Decision.Deny, ["broken"]))
    assert sum(case.decision is not None for case in CASES) == len(problems)


@pytest.mark.parametrize("passed", [True, False])
def test_an_engine_whose_validation_says_the_same_to_everything_fails(passed):
    """Validation must accept what fits and refuse what does not."""
    result = SimpleNamespace(validation_passed=passed, errors=[] if passed else ["no"])
    engine = SimpleNamespace(**{**vars(cedarpy), "validate_policies": lambda *_args: result})
    assert 1 == len(problems_of(engine))


def test_an_engine_that_raises_is_one_problem():
    """Whatever it raises is said, not raised."""
    assert ("AttributeError: 'types.SimpleNamespace' object has no attribute 'Schema'",) == problems_of(
        SimpleNamespace()
    )
