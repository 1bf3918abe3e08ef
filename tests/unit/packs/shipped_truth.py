"""A shipped truth in memory: compiled, driven by the real engine, policy and people, with nobody deciding."""

import asyncio
from collections.abc import Iterable
from functools import cache
from typing import Any

from pack_bench import ROOT

from converge_cli import Engine, ProposedFact, RunResult, Suggestor
from converge_cli.core.job import Job
from converge_cli.pack.registry import PackRegistry
from converge_cli.policy.cedar import CedarAuthorizer
from converge_cli.truth.compiler import Compilation, compile_truth
from converge_cli.truth.people import read_people
from converge_cli.truth.source import Source

PEOPLE = read_people(Source("people.yaml", (ROOT / "truths" / "people.yaml").read_bytes()))


@cache
def compiled(key: str, old: str = "", new: str = "") -> Compilation:
    """The truth of that key as it is shipped; `new` stands where its contract says `old` first."""
    text = (ROOT / "truths" / key / "truth.yaml").read_text()
    assert old in text
    truth = Source("truth.yaml", text.replace(old, new, 1).encode())
    feature = Source(f"{key}.feature", (ROOT / "features" / f"{key}.feature").read_bytes())
    return compile_truth(truth, [feature], PackRegistry([ROOT / "packs"]))


def job_of(key: str) -> Job:
    """What of it is run."""
    found = compiled(key)
    assert found.job is not None, found.diagnostics
    return found.job


def drive(
    key: str,
    seeds: Iterable[ProposedFact],
    more: Iterable[Suggestor] = (),
    edit: tuple[str, str] = ("", ""),
    **changes: Any,
) -> RunResult:
    """One run on these facts, with more suggestors; with an edited contract or other settings where they are given."""
    truth = compiled(key, *edit)
    assert truth.job is not None, truth.diagnostics
    settings: dict[str, Any] = {
        "job": truth.job,
        "packs": truth.packs,
        "parameters": truth.parameters,
        "people": PEOPLE,
        "gate": CedarAuthorizer({pack.name: pack.policy for pack in truth.packs if pack.policy}),
    }
    return asyncio.run(Engine(tuple(more), **{**settings, **changes}).run(list(seeds)))
