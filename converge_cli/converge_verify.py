#!/usr/bin/env python3
"""python3 converge_verify.py FILE [--key ed25519:BASE64] [--head HASH]

Verifies the receipt of a Converge run, with Python 3.8 or newer and nothing else: the second opinion, to be copied.
Ends with 0 when it holds (and is authentic, given a key or a head), with 9 when not. See docs/receipt.md.
"""

import base64
import hashlib
import json
import sys
from itertools import accumulate
from typing import Any

PAYLOAD = "application/vnd.in-toto+json"
APPROVAL = "application/vnd.converge.approval+json"
DECISIONS = ("ApprovalRequested", "ApprovalDecided", "DecisionRefused", "TimerFired", "ApprovalSpent")
P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P


def need(holds: Any, why: str) -> None:
    if not holds:
        raise ValueError(why)


def canonical(value: Any) -> bytes:
    """Sorted keys, no white space, UTF-8."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def sha256(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


def unbase64(text: str) -> bytes:
    raw = base64.b64decode(text.encode(), validate=True)
    need(base64.b64encode(raw).decode() == text, "base64 that is not exactly what encoding gives")
    return raw


def add(a: Any, b: Any) -> Any:
    m, n, t, z = (a[1] - a[0]) * (b[1] - b[0]), (a[1] + a[0]) * (b[1] + b[0]), 2 * a[3] * b[3] * D, 2 * a[2] * b[2]
    e, f, g, h = (n - m) % P, (z - t) % P, (z + t) % P, (n + m) % P
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(number: int, point: Any) -> Any:
    found = (0, 1, 1, 0)
    for bit in reversed(f"{number:b}"):
        found = add(found, point) if bit == "1" else found
        point = add(point, point)
    return found


def point_of(raw: bytes) -> Any:
    """The point of Ed25519 (RFC 8032) that 32 bytes stand for: (X, Y, Z, T) with x = X/Z, y = Y/Z, xy = T/Z."""
    sign, y = divmod(int.from_bytes(raw, "little"), 1 << 255)
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    x = x if (x * x - square) % P == 0 else x * pow(2, (P - 1) // 4, P) % P
    need(y < P and (x * x - square) % P == 0 and (x or not sign), "a key that is no point")
    x = P - x if x % 2 != sign else x
    return x, y, 1, x * y % P


def signed(key: str, kind: str, payload: bytes, signature: bytes) -> bool:
    """Whether the owner of a key (its text) signed a payload as DSSE has it."""
    raw = unbase64(key[8:])
    message = b"DSSEv1 %d %b %d %b" % (len(kind), kind.encode(), len(payload), payload)
    s = int.from_bytes(signature[32:], "little")
    fits = key.startswith("ed25519:") and len(raw) == 32 and len(signature) == 64 and s < ORDER
    need(fits, "a key or signature out of form")
    hashed = int.from_bytes(hashlib.sha512(signature[:32] + raw + message).digest(), "little") % ORDER
    x, y, z, t = point_of(raw)
    base = point_of((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))
    x, y, z, t = add(times(s, base), times(hashed, (P - x, y, z, P - t)))
    x, y = x * pow(z, P - 2, P) % P, y * pow(z, P - 2, P) % P
    return bool((y | (x & 1) << 255).to_bytes(32, "little") == signature[:32])


def of(events: Any, *kinds: str) -> Any:
    return [event for event in events if event["type"] in kinds]


class Record:
    """The events of a run: what a receipt says of them, and whether they agree with each other."""

    def __init__(self, texts: Any, materials: Any, contents: Any) -> None:
        self.texts, self.materials, self.contents, self.given = texts, materials, contents, iter(contents)
        self.events: Any = [json.loads(text) for text in texts]
        self.facts, self.ids, self.requests, self.policies = {}, set(), {}, {""}  # type: Any, Any, Any, Any

    def statement(self) -> Any:
        """What a receipt says, built again from its events, materials and contents."""
        texts, events = [text.encode() for text in self.texts], self.events
        hashes = accumulate([bytes(32), *texts], lambda head, text: sha256(b"\0", head, text))
        stated = [item.hex() for item in hashes][1:]
        end = next(event for event in reversed(events) if event["type"] not in DECISIONS[1:4])
        need(end["type"] in {"RunPaused", "RunStopped"}, "the run did not come to rest")
        promoted, refused = of(events, "FactPromoted"), of(events, "ProposalRejected", "ProposalDenied")
        need(len(promoted) == len(self.contents), "not as many facts as were promoted")
        named = ("part", "name", "digest")
        outcome = dict(zip(("criteria", "invariants"), self.verdicts(end["seq"])), end=end)
        predicate = {
            "schema": "converge.receipt/1",
            "run": events[0],
            "materials": [dict(self.materials[part[2]], **dict(zip(named, part))) for part in self.parts()],
            "inputs": [item for event in of(events, "RunStarted", "RunResumed") for item in event.get("inputs", ())],
            "law": self.law(outcome),
            "facts": [dict(event, content=c, **self.origin(event)) for event, c in zip(promoted, self.contents)],
            "rejections": [dict(event, suggestor=self.proposal(event)[0]) for event in refused],
            "gates": of(events, "GateDecided"),
            "approvals": of(events, *DECISIONS),
            "outcome": outcome,
            "events": {"count": len(events), "head": stated[-1], "hashes": stated, "texts": self.texts},
        }
        kinds = {"_type": "https://in-toto.io/Statement/v1", "predicateType": "urn:converge:receipt:1"}
        return dict(kinds, subject=[{"name": events[0]["run"], "digest": {"sha256": stated[-1]}}], predicate=predicate)

    def parts(self) -> Any:
        """What events name by SHA-256, each once: (part, name, digest)."""
        found = {}
        for event in self.events:
            if event["type"] == "RunStarted":
                found.update({(item["part"], item["name"], item["digest"]): 0 for item in event.get("sources", ())})
                found["job", event["truth"], event["job"]] = 0
            if event["type"] in {"RunStarted", "RunResumed"}:
                found.update({("policy", item["name"], item.get("policy")): 0 for item in event.get("packs", ())})
                found["registry", "registry", event.get("registry")] = 0
                found.update({("input", item["name"], item["digest"]): 0 for item in event.get("inputs", ())})
            found["people", "people", event.get("people")] = 0
        return [part for part in found if part[2] and (part[0] != "input" or part[2] in self.materials)]

    def proposal(self, event: Any) -> Any:
        made = self.events[event["execution"] - 1] if 0 < event.get("execution", 0) < event["seq"] else {}
        need(made.get("type") == "SuggestorExecuted", "it refers to no execution")
        return made["suggestor"], made["proposals"][event.get("position", 0)]

    def origin(self, event: Any) -> Any:
        by, said = ("engine", {}) if "content" in event else self.proposal(event)
        return {"suggestor": by, "confidence": said.get("confidence", "1"), "evidence": said.get("evidence", [])}

    def verdicts(self, seq: int) -> Any:
        results: Any = {"CriterionEvaluated": {}, "InvariantChecked": {}}
        for event in of(self.events[: seq - 1], *results):
            results[event["type"]][event["result"]["id"]] = event["result"]
        return [list(item.values()) for item in results.values()]

    def law(self, outcome: Any) -> Any:
        job = json.loads(self.materials[self.events[0]["job"]]["text"])
        came_to = {None: {"verdict": "deferred", "facts": []}}
        for item in outcome["invariants"]:
            facts = [fact for violation in item.get("violations", ()) for fact in violation["facts"]]
            came_to[item["id"]] = {"verdict": item["verdict"], "facts": facts}
        for item in outcome["criteria"]:
            came_to[item["id"]] = {"verdict": item["result"], "facts": item.get("evidence", [])}
        other = {"verdict": "at the gate", "facts": []}
        clauses = [dict(item, **came_to.get(item.get("check"), other)) for item in job.get("clauses", ())]
        checks = [(item["id"], item["title"]) for item in job.get("invariants", ())]
        checks += [(item["id"], item["description"]) for item in job.get("criteria", ())]
        named = {item.get("check") for item in clauses}
        left = [dict(came_to.get(name, other), check=name, text=text) for name, text in checks if name not in named]
        return {"clauses": clauses, "checks": left, "manual": job.get("manual", [])}

    def check(self) -> None:
        for place, event in enumerate(self.events, start=1):
            try:
                need(event["seq"] == place, f"its sequence is {event['seq']}")
                need((place == 1) == (event["type"] == "RunStarted"), "a run has one RunStarted, its first event")
                name = event["type"].lower().replace("resumed", "started").replace("stopped", "paused")
                getattr(self, f"on_{name}", lambda _: None)(event)
            except ValueError as error:
                raise ValueError(f"event {place}: {error}") from None

    def on_runstarted(self, event: Any) -> None:
        need(event.get("schema", "converge.event/1") == "converge.event/1", "its schema is another")
        for pack in event.get("packs", ()):
            if pack.get("policy"):
                files = json.loads(self.materials[pack["policy"]]["text"])
                files.pop("schema_file", None)
                self.policies.add(sha256(canonical(files)).hex())

    def on_gatedecided(self, event: Any) -> None:
        need(event["decision"].get("policy_hash", "") in self.policies, "its policy is not among the materials")

    def on_factpromoted(self, event: Any) -> None:
        content, said, place = next(self.given), {}, (event["key"], event["id"])
        need(place not in self.facts, f"{event['id']} is a fact already")
        need("corrects" not in event or (event["key"], event["corrects"]) in self.facts, "it corrects nothing")
        if "content" in event:
            need(canonical(event["content"]).decode() == content, "its content is another")
        else:
            said = self.proposal(event)[1]
            same = all(said.get(name) == event.get(name) for name in ("key", "id", "corrects"))
            need(same, "it is not what its execution proposed")
            need(self.ids.issuperset(said.get("evidence", ())), "its evidence is not there")
        gate = self.events[: event["seq"]][event.get("gate", 1) - 1]
        lets_in = (gate.get("fact"), gate.get("decision", {}).get("outcome")) == (event["id"], "PROMOTE")
        need("gate" not in event or lets_in, f"event {event.get('gate')} is no gate that lets it in")
        after = self.events[event["seq"]] if "approvals" in event else {"type": "ApprovalSpent"}
        spent = (after["type"], after.get("requests")) == ("ApprovalSpent", event.get("approvals"))
        need(spent, "its approvals are not spent with it")
        self.facts[place] = event, content, said.get("evidence", [])
        self.ids.add(event["id"])

    def digest(self, point: str, key: str, fact: str, content: str, evidence: Any) -> str:
        """What an approval is bound to; `content` comes first and stays as it was written."""
        named = {"point": point, "key": key, "id": fact, "kind": fact.split(":")[0], "evidence": evidence}
        return sha256(b'{"content":', content.encode(), b",", canonical(named)[1:]).hex()

    def on_approvalrequested(self, event: Any) -> None:
        want = event["request"]
        content = json.dumps(want["content"], separators=(",", ":"), ensure_ascii=False)
        right = self.digest(want["point"], want["key"], want["fact"], content, want["evidence"])
        need(want["digest"] == right, "its digest is not that of what is asked")
        self.requests[want["id"]] = dict(want, said=[], spent=False)

    def on_approvaldecided(self, event: Any) -> None:
        said = event["approval"]
        request = self.requests.get(said["request"], {})
        need(request.get("digest") == said["digest"], "nothing was asked that could be decided")
        people = event["people"] if "people" in event else self.events[0].get("people", "")
        listed = json.loads(self.materials[people]["text"]) if people else []
        person: Any = next((item for item in listed if item["id"] == said["by"]), {})
        need(person, f"{said['by']} is not among the people")
        if "public_key" in person:
            form, signature = {name: said[name] for name in said if name != "signature"}, said.get("signature", "")
            fits = signed(person["public_key"], APPROVAL, canonical(form), unbase64(signature))
            need(fits, f"it is not signed by {said['by']}, who has a key")
        request["said"].append((said["decision"], said["by"]))

    def on_approvalspent(self, event: Any) -> None:
        fact, content, evidence = self.facts.get((event["key"], event["fact"]), ({}, "", []))
        need((fact.get("seq"), fact.get("approvals")) == (event["seq"] - 1, event["requests"]), "spent on no fact")
        for name in event["requests"]:
            asked = self.requests.get(name, {"spent": True})
            need(not asked["spent"], f"{name} was never asked for, or is spent already")
            right = self.digest(asked["point"], event["key"], event["fact"], content, evidence)
            need(asked["digest"] == right, f"what {name} approves is not {event['fact']}")
            yes = {decision for decision, _ in asked["said"]} == {"approved"}
            need(yes and len(set(asked["said"])) >= asked.get("quorum", 1), f"{name} was not approved")
            asked["spent"] = True

    def on_runpaused(self, event: Any) -> None:
        criteria, invariants = self.verdicts(event["seq"])
        met = [[item["id"], item["result"], item.get("evidence", [])] for item in criteria]
        held = sorted([item["id"], item["verdict"]] for item in invariants)
        verdicts = {"reason": event["stop"]["reason"], "criteria": met, "invariants": held}
        told = [(fact["key"], fact["id"], text, fact.get("corrects", "")) for fact, text, _ in self.facts.values()]
        lines = [canonical(verdicts), *sorted("\0".join(line).encode() for line in told), b""]
        right = event["outcome"] == sha256(b"\n".join(lines)).hex()
        need(right, "its outcome digest is not that of the facts and verdicts before it")


def verify(data: bytes, key: str, head: str) -> str:
    envelope = json.loads(data.decode())
    need(envelope.get("payloadType") == PAYLOAD and len(envelope) == 3, "it is not a receipt")
    need(canonical(envelope) == data, "the file is not its own canonical encoding")
    payload, signatures, signer = unbase64(envelope["payload"]), envelope["signatures"], ""
    need(isinstance(signatures, list) and len(signatures) <= 1, "a receipt has at most one signature")
    for item in signatures:
        signer, fits = item["keyid"], signed(item["keyid"], PAYLOAD, payload, unbase64(item["sig"]))
        need(fits and len(item) == 2, f"its signature does not fit {signer}")
    told, materials = json.loads(payload.decode())["predicate"], {}
    for item in told["materials"]:
        raw = item["text"].encode() if "text" in item else unbase64(item["base64"])
        need(sha256(raw).hex() == item["digest"], f"{item['part']} {item['name']} is not what was recorded")
        text, other = raw.decode("utf-8", "replace"), {"base64": base64.b64encode(raw).decode()}
        materials[item["digest"]] = {"text": text} if text.encode() == raw else other
    record = Record(told["events"]["texts"], materials, [fact["content"] for fact in told["facts"]])
    built = record.statement()
    for name, value in built["predicate"].items():
        need(told.get(name) == value, f"{name} is not what its events say")
    need(canonical(built) == payload, "the statement is not what its events say")
    record.check()
    need(not key or signer == key, f"it is signed by {signer or 'nobody'}, not by {key}")
    need(not head or head.lower() == told["events"]["head"], f"its head is {told['events']['head']}, not {head}")
    return "authentic" if key or head else "self-consistent, not authenticated"


def main() -> int:
    try:
        file, *rest = sys.argv[1:]
        options = {"--key": "", "--head": "", **dict(zip(rest[::2], rest[1::2]))}
        need(len(options) == 2 and len(rest) % 2 == 0, f"{rest}\n{__doc__}")
        with open(file, "rb") as opened:
            sys.stdout.write(verify(opened.read(), options["--key"], options["--head"]) + "\n")
    except Exception as error:  # whatever is wrong with it, it is not verified
        sys.stdout.write(f"not verified: {type(error).__name__}: {error}\n")
        return 9
    return 0


if __name__ == "__main__":
    sys.exit(main())
