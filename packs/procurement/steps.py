"""What this pack adds to the step language."""

from converge_cli import step


@step("every vendor is scored on {criterion:text}")
def every_vendor_is_scored(criterion: str) -> str:
    """One score of the criterion for each vendor, whichever suggestor gave it."""
    return (
        'for each "Seeds" fact with id "vendor:*" '
        f'there exists an "Evaluations" fact with id "score:{criterion}:*" referencing it'
    )
