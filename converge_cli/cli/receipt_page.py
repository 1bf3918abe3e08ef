"""What a verified receipt says, as a page for people: outcome, law with its facts, decisions, what was refused."""

from typing import TYPE_CHECKING, Any

from converge_cli.cli.page import Page
from converge_cli.trace.glyphs import glyph

if TYPE_CHECKING:
    from rich.console import Console

    from converge_cli.app.record.verify_receipt import VerifiedReceipt

NOT_AUTHENTICATED = "self-consistent, not authenticated"


def show_receipts(console: "Console", receipts: "tuple[VerifiedReceipt, ...]") -> None:
    """A page per receipt."""
    for receipt in receipts:
        _show(Page(console), receipt)


def _show(page: Page, receipt: "VerifiedReceipt") -> None:
    told = receipt.told
    page.title(f"{glyph('done')} authenticated" if receipt.authenticated else f"? {NOT_AUTHENTICATED}", receipt.name)
    page.pairs(_pairs(receipt, told))
    page.section("law: clause, check, facts")
    page.rows([_law_row(item) for item in (*told["law"]["clauses"], *told["law"]["checks"])])
    page.section("manual: for people to check")
    page.rows([(f"{glyph('manual')} {item}",) for item in told["law"]["manual"]])
    page.section("decisions")
    page.rows(_decision_rows(told["approvals"]))
    page.section("rejected")
    page.rows([_rejection_row(item) for item in told["rejections"]])


def _pairs(receipt: "VerifiedReceipt", told: dict[str, Any]) -> list[tuple[str, str]]:
    run, end, events = told["run"], told["outcome"]["end"], told["events"]
    stop, ended = end["stop"], "ended" if end["type"] == "RunStopped" else "paused"
    pairs = [
        ("truth", f"{run['truth']}: {run['title']}"),
        ("run", f"{run['run']}   {run['at']} to {end['at']}, for {run.get('principal') or 'nobody'}"),
        (
            "came to",
            f"{stop['reason']} ({ended} after {stop.get('cycle', 0)} cycles) {stop.get('detail', '')}".rstrip(),
        ),
        ("record", f"{events['count']} events, {len(told['facts'])} facts"),
        ("head", events["head"]),
        ("signed", receipt.signed_by or "by nobody"),
        ("inputs", ", ".join(f"{item['name']} sha256:{item['digest'][:12]}" for item in told["inputs"]) or "none"),
    ]
    if not receipt.authenticated:
        pairs.append(("note", "whoever wrote the file could have written it so: verify with --key or --head"))
    return pairs


def _law_row(item: dict[str, Any]) -> tuple[str, ...]:
    verdict = item["verdict"]
    why = f": {item['deferred']}" if item.get("deferred") else ""
    check, name = item.get("check") or "", item.get("id") or item["check"]
    kept = [check] if check and check != name else []
    facts = [", ".join(item["facts"])] if item["facts"] else []
    return f"{glyph(verdict)} {name}", f"{verdict}{why}", ": ".join(kept + facts)


def _decision_rows(events: list[dict[str, Any]]) -> list[tuple[str, ...]]:
    """Every decision; what nobody decided comes last."""
    asked = {event["request"]["id"]: event["request"] for event in events if event["type"] == "ApprovalRequested"}
    facts = {request: item["fact"] for request, item in asked.items()}
    rows: list[tuple[str, ...]] = []
    open_ = dict(asked)
    for event in events:
        when = _to_the_second(event["at"])
        if event["type"] == "ApprovalDecided":
            said = event["approval"]
            open_.pop(said["request"], None)
            rows.append(_decided_row(said, facts[said["request"]], event["at"]))
        elif event["type"] == "DecisionRefused":
            said = event["approval"]
            fact = f"{glyph('rejected')} {facts.get(said['request'], '')}"
            rows.append((fact, f"{said['by']} was refused", event["code"], when, ""))
        elif event["type"] == "TimerFired" and event["action"] == "reject":
            open_.pop(event["request"], None)
            rows.append((f"{glyph('rejected')} {facts[event['request']]}", "nobody decided in time", "", when, ""))
    waiting = glyph("parked")
    return rows + [
        (f"{waiting} {item['fact']}", f"not decided at {item['point']}", "", "", "") for item in open_.values()
    ]


def _decided_row(said: dict[str, Any], fact: str, recorded_at: str) -> tuple[str, ...]:
    how = f"{said['decision']} by {said['by']} ({said['role']}, {said['mode']})"
    when = _to_the_second(said.get("decided_at") or recorded_at)
    signed = "signed" if "signature" in said else "not signed"
    return f"{glyph(said['decision'])} {fact}", how, signed, when, f'"{said["reason"]}"'


def _to_the_second(utc: str) -> str:
    return f"{utc.partition('.')[0].removesuffix('Z')}Z"


def _rejection_row(event: dict[str, Any]) -> tuple[str, ...]:
    code = event.get("code") or event["cause"].upper()
    why = (", ".join(event.get("by", ())), event.get("reason") or event.get("detail") or "")
    return code, event["id"], event["suggestor"], ": ".join(filter(None, why))
