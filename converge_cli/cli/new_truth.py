"""The words of `truths new`: which options belong to which kind, and the questions at a terminal."""

import asyncio

from converge_cli.app.new import starter
from converge_cli.app.new.new_shared_truth import TITLE as SHARED_TITLE
from converge_cli.app.new.new_shared_truth import NewSharedTruth, new_shared_truth
from converge_cli.app.new.new_truth import NewTruth, new_truth
from converge_cli.cli.here import services_here
from converge_cli.cli.new import answer_created, ask
from converge_cli.cli.output import Answer, UsageError, at_terminal
from converge_cli.core.errors import did_you_mean

_KINDS = ("job", "policy", "invariant")


def wanted_truth(
    key: str | None, kind: str | None, title: str | None, pack: str | None, job: str | None, *, may_ask: bool
) -> NewTruth | NewSharedTruth:
    """What is asked for; what is missing is asked for when nobody gave a key and somebody sits there.

    Raises:
        UsageError: a word is missing, or does not belong to the kind.
    """
    if key is not None:
        return _wanted(key, kind or "job", title, pack, job)
    if not (may_ask and at_terminal()):
        raise UsageError("no KEY", hint="converge truths new KEY", where="KEY")
    key = ask("key", "", starter.check_key)
    kind = kind or ask("kind (job, policy, invariant)", "job", _check_kind)
    title = title or ask("title", starter.TITLE if kind == "job" else SHARED_TITLE, _check_title)
    if kind == "job":
        offered = starter.pack_name_for(key)
        pack = pack or ask("pack (one that is there, or a new one)", offered, starter.check_pack_name)
    return _wanted(key, kind, title, pack, job)


def _wanted(key: str, kind: str, title: str | None, pack: str | None, job: str | None) -> NewTruth | NewSharedTruth:
    _check_kind(kind)
    if job is not None and kind != "policy":
        hint = "--pack names the pack that an invariant is about" if kind == "invariant" else "--kind policy"
        raise UsageError("--for belongs to --kind policy", hint=hint, where="--for")
    if kind == "job":
        return NewTruth(key, title, pack)
    if kind == "invariant":
        return NewSharedTruth(key, "invariant", title, pack=pack)
    if pack is not None:
        raise UsageError("a policy is about a job: --for KEY", where="--pack")
    return NewSharedTruth(key, "policy", title, job=job)


def _check_kind(kind: str) -> None:
    if kind not in _KINDS:
        hint = did_you_mean(kind, _KINDS) or f"the kinds are {', '.join(_KINDS)}"
        raise UsageError(f"--kind takes no {kind!r}", hint=hint, where="--kind")


def _check_title(title: str) -> None:
    starter.check_text("title", title)


def created_truth(wanted: NewTruth | NewSharedTruth, *, dry_run: bool) -> Answer:
    """Write it; the examples of a policy or an invariant truth are run on the way, and nobody's record."""
    if isinstance(wanted, NewTruth):
        return answer_created(new_truth(services_here(), wanted, dry_run=dry_run), dry_run=dry_run)
    made = asyncio.run(new_shared_truth(services_here(throw_away=True), wanted, dry_run=dry_run))
    return answer_created(made, dry_run=dry_run)
