"""What the tests of receipts are written with: a run that a person with a key approved, and both verifiers."""

import asyncio
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from converge_cli import converge_verify as script
from converge_cli._internal.canonical_json import encode
from converge_cli._internal.dsse import envelope
from converge_cli.app.decide_approval import decide_approval
from converge_cli.app.identity import Identity, new_identity
from converge_cli.app.record.verify_receipt import ReceiptUnverifiedError, verify_receipt
from converge_cli.app.record.write_receipt import make_receipt, sign_receipt
from converge_cli.app.resume_run import ResumeRun
from converge_cli.app.run_job import RunJob, RunRequest
from converge_cli.app.services import Services
from converge_cli.bootstrap import make_services
from converge_cli.core.receipt import PAYLOAD_TYPE, Told, payload_of
from converge_cli.engine.decision import Statement
from converge_cli.settings import Settings

ROOT = Path(__file__).parents[3]
GENUINE = "authentic"
UNKNOWN = "self-consistent, not authenticated"
WRONG = "not verified"
PEOPLE = """\
people:
  - {id: petra, name: Petra Lind, roles: [procurement_lead], authority: supervisory, domains: [procurement]}
  - id: mona
    name: Mona Berg
    roles: [procurement_manager]
    authority: supervisory
    domains: [procurement]
    public_key: "KEY"
"""
YES = Statement("approved", "within budget", "interactive")


@dataclass(frozen=True)
class Office:
    """Services with people of their own, one of whom has a key here."""

    services: Services
    mona: Identity

    def paused(self) -> str:
        """A run of vendor-selection that waits for a person; its id."""
        job = RunJob(self.services, RunRequest("vendor-selection"))
        return asyncio.run(job.run()).result.run_id

    def approve(self, run: str) -> Any:
        """Mona approves what waits."""
        return decide_approval(self.services, run, "vendor_commitment", "mona", YES)

    def ended(self) -> str:
        """A run that was approved and came to its end."""
        run = self.paused()
        assert () == self.approve(run).refused
        asyncio.run(ResumeRun(self.services, run).run())
        return run

    def receipt(self, run: str, signer: Identity | None = None, **options: Any) -> bytes:
        """The file."""
        return sign_receipt(make_receipt(self.services, run, **options), signer).data


def open_office(folder: Path) -> Office:
    """An office in a folder."""
    services = make_services(ROOT, settings=Settings("memory", folder / "store", None))
    services = replace(services, people=folder / "people.yaml", identities=folder / "identities")
    mona = new_identity(services.identities, "mona")
    (folder / "people.yaml").write_text(PEOPLE.replace("KEY", mona.public_key))
    return Office(services, mona)


def told_of(data: bytes) -> dict[str, Any]:
    """The statement of a receipt."""
    return json.loads(script.unbase64(json.loads(data)["payload"]))


def with_statement(statement: Any) -> bytes:
    """A file that says something else, unsigned."""
    return envelope(PAYLOAD_TYPE, encode(statement), [])


def forged(data: bytes, change: Any) -> bytes:
    """A receipt built as a forger would who changes events and gets every hash and section right."""
    predicate = told_of(data)["predicate"]
    events = [json.loads(text) for text in predicate["events"]["texts"]]
    contents = [fact["content"].encode() for fact in predicate["facts"]]
    bytes_of = {item["digest"]: item["text"].encode() for item in predicate["materials"]}
    change(events, contents, bytes_of)
    return envelope(PAYLOAD_TYPE, payload_of(Told([encode(event) for event in events], bytes_of, contents)), [])


def forged_freely(data: bytes, change: Any) -> bytes:
    """As `forged`, but built by the script, which does not ask whether events have the form of their type."""
    predicate = told_of(data)["predicate"]
    events = [json.loads(text) for text in predicate["events"]["texts"]]
    change(events)
    texts = [encode(event).decode() for event in events]
    materials = {item["digest"]: {"text": item["text"]} for item in predicate["materials"]}
    contents = [fact["content"] for fact in predicate["facts"]]
    return with_statement(script.Record(texts, materials, contents).statement())


def verdicts(data: bytes, *, key: str = "", head: str = "") -> tuple[str, str]:
    """What our verifier and the script say: `authentic`, `self-consistent...`, or `not verified: why`."""
    try:
        found = verify_receipt("r.json", data, key=key or None, head=head or None)
        ours = "authentic" if found.authenticated else "self-consistent, not authenticated"
    except ReceiptUnverifiedError as error:
        ours = f"not verified: {error.message}"
    try:
        script.verify(data, key or None, head or None)
        theirs = "authentic" if key or head else "self-consistent, not authenticated"
    except Exception as error:  # noqa: BLE001  as the script's own main does
        theirs = f"not verified: {error}"
    return ours, theirs


def both(data: bytes, *, key: str = "", head: str = "") -> str:
    """What both verifiers agree on, in a word or two."""
    ours, theirs = (said.split(":")[0] for said in verdicts(data, key=key, head=head))
    assert ours == theirs, verdicts(data, key=key, head=head)
    return ours


def head_of(data: bytes) -> str:
    """The hash of the last event."""
    return told_of(data)["predicate"]["events"]["head"]
