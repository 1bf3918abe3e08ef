"""What a verified receipt says, as a page for people: outcome, law with its facts, decisions, what was refused."""

from typing import TYPE_CHECKING, Any

from converge_cli.cli.page import Page

if TYPE_CHECKING:
    from rich.console import Console

    from converge_cli.app.verify_receipt import VerifiedReceipt

NOT_AUTHENTICATED = "self-consistent, not authenticated"
_GOOD = frozenset({"holds", "met"})
_OPEN = frozenset({"deferred", "at the gate", "not exercised"})


def show_receipts(console: "Console", receipts: "tuple[VerifiedReceipt, ...]") -> None:
    """A page per receipt."""
    for receipt in receipts:
        _show(Page(console), receipt)


def _show(page: Page, receipt: "VerifiedReceipt") -> None:
    told = receipt.told
    run, outcome, events = told["run"], told["outcome"], told["events"]
    page.title("✓ authenticated" if receipt.authenticated else f"? {NOT_AUTHENTICATED}", receipt.name)
    ended = "ended" if outcome["final"] else "paused"
    pairs = [
        ("truth", f"{run['truth']}: {run['title']}"),
        ("run", f"{run['id']}   {run['started_at']} to {run['last_event_at']}, for {run['principal'] or 'nobody'}"),
        ("came to", f"{outcome['reason']} ({ended} after {outcome['cycles']} cycles) {outcome['detail']}".rstrip()),
        ("record", f"{events['count']} events, {len(told['facts'])} facts"),
        ("head", events["head"]),
        ("signed", receipt.signed_by or "by nobody"),
        ("inputs", ", ".join(f"{item['name']} sha256:{item['digest'][:12]}" for item in told["inputs"]) or "none"),
    ]
    if not receipt.authenticated:
        pairs.append(("note", "whoever wrote the file could have written it so: verify with --key or --head"))
    page.pairs(pairs)
    page.section("law: clause, check, facts")
    page.rows([_law_row(item) for item in (*told["law"]["clauses"], *told["law"]["checks"])])
    page.section("manual: for people to check")
    page.rows([(f"○ {item}",) for item in told["law"]["manual"]])
    page.section("decisions")
    page.rows([row for item in told["approvals"] for row in _decision_rows(item)])
    page.section("rejected")
    page.rows([(item["code"], item["id"], item["suggestor"], item["reason"]) for item in told["rejections"]])


def _law_row(item: dict[str, Any]) -> tuple[str, ...]:
    verdict = item["verdict"]
    glyph = "✓" if verdict in _GOOD else "○" if verdict in _OPEN else "⏸" if verdict == "blocked" else "✗"
    why = f": {item['deferred']}" if item.get("deferred") else ""
    return f"{glyph} {item['id']}", f"{verdict}{why}", item.get("check") or "", ", ".join(item["facts"])


def _decision_rows(item: dict[str, Any]) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = [
        (
            f"{'✓' if said['decision'] == 'approved' else '✗'} {item['fact']}",
            f"{said['decision']} by {said['by']} ({said['role']}, {said['mode']})",
            "signed" if said.get("signature") else "not signed",
            f'"{said["reason"]}"',
        )
        for said in item["decisions"]
    ]
    rows += [(f"✗ {item['fact']}", f"{said['by']} was refused", said["code"], "") for said in item["refused"]]
    return rows or [(f"⏸ {item['fact']}", f"nobody decided at {item['point']}", "", "")]
