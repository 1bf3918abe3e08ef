"""Titles and descriptions that claim too little, and keys that do not fit their folder."""

import re
from pathlib import PurePath

from converge_cli.truth.claims import claims_nothing
from converge_cli.truth.contract import Contract
from converge_cli.truth.findings import Findings, Place
from converge_cli.truth.part import Part

_HEDGE = re.compile(r"\b(might|maybe|perhaps|possibly|probably|hopefully)\b", re.IGNORECASE)


def check_wording(part: Part, findings: Findings) -> None:
    """Check the sentences of a contract, and that its key is its folder's name."""
    contract = part.contract
    check_title(contract.title, part.place("title"), findings)
    if claims_nothing(contract.title):
        fix = "say in a sentence what is so when the truth holds"
        findings.add("empty-claim", part.place("title"), f"the title {contract.title!r} claims nothing", fix)
    for number, item in enumerate(contract.success_criteria if isinstance(contract, Contract) else ()):
        check_title(item.description, part.place("success_criteria", number, "description"), findings)
    folders = PurePath(part.root.place.file).parts
    if len(folders) > 2 and folders[-3] == "truths" and folders[-2] != contract.key:
        message = f"key {contract.key} stands in the folder {folders[-2]}"
        findings.add("invalid-value", part.place("key"), message, "in a truths folder, key and folder have one name")


def check_title(text: str, place: Place, findings: Findings) -> None:
    """Check a sentence that says what is so."""
    match = _HEDGE.search(text)
    if match:
        where = findings.within(place, match[0])
        findings.add("hedging-word", where, f"{match[0]!r} takes the statement back", "say what must be so")
