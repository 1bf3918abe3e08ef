"""What `converge experience` prints, for people and as data."""

from typing import TYPE_CHECKING, Any

from converge_cli.cli.page import Page

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from converge_cli.app.experience.query import Found
    from converge_cli.app.experience.stats import PointStats, TruthStats
    from converge_cli.core.errors import ConvergeError


def found_data(found: "Found") -> dict[str, Any]:
    """An event with its run, as data."""
    import msgspec  # noqa: PLC0415

    from converge_cli.core.event import encode_event  # noqa: PLC0415

    row = found.row
    event = msgspec.json.decode(encode_event(found.event))
    return {"run_id": row.run, "truth": row.truth, "outcome": row.reason or row.status, "event": event}


def show_found(
    console: "Console", found: list["Found"], following: str | None, unreadable: "Sequence[ConvergeError]"
) -> None:
    """A page of events, and how to go on."""
    from converge_cli.cli.local_zone import local_zone  # noqa: PLC0415
    from converge_cli.trace.wording import time_text  # noqa: PLC0415

    page, zone = Page(console), local_zone()
    if not found and not unreadable:
        page.line("nothing recorded here fits")
    page.rows(
        [
            (item.place, time_text(item.event.at, zone), type(item.event).__name__, _about(item), item.row.truth)
            for item in found
        ],
        header=("  event", "when", "what", "about", "truth"),
    )
    for error in unreadable:
        page.line(f"  not looked into: {error.message}")
    if following is not None:
        page.line(f"  more: the same command with --after {following}")


def _about(found: "Found") -> str:
    from converge_cli.app.experience.query import facts_of, people_of  # noqa: PLC0415
    from converge_cli.core import event as e  # noqa: PLC0415
    from converge_cli.trace.wording import decision_text  # noqa: PLC0415

    event = found.event
    if isinstance(event, e.ApprovalDecided):
        return f"{event.approval.request}: {decision_text(event.approval)}"
    if isinstance(event, e.DecisionRefused):
        return f"{event.approval.request}: {event.code}, {event.approval.by}: {event.detail}"
    if isinstance(event, e.RunStopped | e.RunPaused):
        return ": ".join(filter(None, (str(event.stop.reason), event.stop.detail)))
    if isinstance(event, e.InvariantChecked | e.CriterionEvaluated):
        said = event.result.verdict if isinstance(event, e.InvariantChecked) else event.result.result
        return f"{event.result.id}: {said}"
    if isinstance(event, e.TimerFired):
        return f"{event.request}: {event.action}"
    suggestor = getattr(event, "suggestor", "")
    facts = [": ".join(filter(None, fact)) for fact in facts_of(event)]
    shown = ", ".join(facts[:3]) + (f" and {len(facts) - 3} more" if len(facts) > 3 else "")
    return "  ".join(filter(None, (suggestor, shown, ", ".join(people_of(event)))))


def stats_data(item: "TruthStats") -> dict[str, Any]:
    """How the runs of one truth went, as data."""
    return {
        "runs": item.runs,
        "cycles": item.cycles,
        "facts": item.facts,
        "reasons": dict(item.reasons.most_common()),
        "invariants_violated": dict(item.invariants.most_common()),
        "invariants_not_exercised": dict(item.unexercised.most_common()),
        "rejections": dict(item.rejections.most_common()),
        "suggestors_failed": dict(item.failures.most_common()),
        "approvals": {
            name: {
                "asked": point.asked,
                "approved": point.approved,
                "rejected": point.rejected,
                "timed_out": point.timed_out,
                "refused": point.refused,
                "median_seconds": _seconds(point.median),
                "slowest_seconds": _seconds(point.slowest),
            }
            for name, point in sorted(item.points.items())
        },
    }


def _seconds(value: float | None) -> str | None:
    """Seconds as text: what is printed holds no binary floats."""
    return None if value is None else f"{value:.3f}"


def show_stats(console: "Console", found: dict[str, "TruthStats"], unreadable: "Sequence[ConvergeError]") -> None:
    """How runs went, truth by truth."""
    from converge_cli.trace.wording import plural  # noqa: PLC0415

    page = Page(console)
    if not found:
        page.line("no runs recorded here fit")
    for key, item in found.items():
        page.title(key, f"{plural(item.runs, 'run')}, {plural(item.cycles, 'cycle')}, {plural(item.facts, 'fact')}")
        for name, counted in (
            ("came to", item.reasons),
            ("invariants violated, in runs", item.invariants),
            ("invariants that selected nothing, in runs", item.unexercised),
            ("proposals rejected", item.rejections),
            ("suggestors failed", item.failures),
        ):
            page.section(name)
            page.rows([(word, str(count)) for word, count in counted.most_common()])
        page.section("decisions")
        header = ("  point", "asked", "yes", "no", "timed out", "refused", "median", "slowest")
        page.rows([_point(name, point) for name, point in sorted(item.points.items())], header=header)
    for error in unreadable:
        page.line(f"  not counted: {error.message}")


def _point(name: str, point: "PointStats") -> tuple[str, ...]:
    from converge_cli.trace.when import duration  # noqa: PLC0415

    counts = (point.asked, point.approved, point.rejected, point.timed_out, point.refused)
    times = ("" if value is None else duration(value) for value in (point.median, point.slowest))
    return (name, *map(str, counts), *times)
