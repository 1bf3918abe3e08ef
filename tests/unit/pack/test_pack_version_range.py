"""Which versions of Converge a pack runs with."""

import pytest

from converge_cli.pack.version_range import in_range, is_range


@pytest.mark.parametrize(
    ("version", "text", "expected"),
    [
        ("0.1.0", ">=0.1", True),
        ("0.1.0", ">=0.1.1", False),
        ("0.10.0", ">=0.9", True),
        ("0.1.0", "==0.1", True),
        ("0.1.0", "!=0.1", False),
        ("0.1.0", ">0.1", False),
        ("1.9", ">=1,<2", True),
        ("2.0", ">=1, <2", False),
        ("1.0rc1", "<=1.0", True),
    ],
)
def test_release_numbers_are_compared_as_numbers(version, text, expected):
    """Every part of a range must hold."""
    assert expected == in_range(version, text)


@pytest.mark.parametrize(
    ("text", "expected"), [(">=0.1", True), (">=1,<2", True), ("1", False), ("", False), (">=", False)]
)
def test_a_range_is_made_of_comparisons(text, expected):
    """Anything else is refused when the manifest is read."""
    assert expected == is_range(text)
