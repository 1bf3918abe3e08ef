"""Every example by the name of its code; imported only where examples are shown."""

from converge_cli.truth.code_examples import contracts, features, files, references
from converge_cli.truth.code_examples.example import Example

EXAMPLES: dict[str, Example] = {
    **files.EXAMPLES,
    **contracts.EXAMPLES,
    **features.EXAMPLES,
    **references.EXAMPLES,
}

SPOKEN = {
    "too-large": "A truth.yaml of 6 MB: move its data into an input file.",
    "unreadable-file": "A truth.yaml that is a pipe, a link to nowhere, or that nobody may read.",
    "ambiguous-step": "Two packs that both offer the sentence `the note of {name:text} is kept`: reword one of them.",
    "unused-step": "A pack whose steps.py offers a sentence that no feature says: say it, or remove it.",
}
"""Of codes that no text of a few lines gives: what does, and what to do."""
