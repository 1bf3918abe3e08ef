#!/usr/bin/env python3
"""python3 converge_verify.py FILE... [--key ed25519:BASE64] [--head HASH]

Verifies receipts of Converge runs, with Python 3.8 or newer and nothing else: the second opinion, to be copied.
Ends with 0 when they hold (and are authentic, given a key or a head), with 9 when not. See docs/receipt.md.
"""

import base64
import hashlib
import json
import sys
from itertools import accumulate, combinations
from pathlib import Path
from typing import Any

PAYLOAD = "application/vnd.in-toto+json"
APPROVAL = "application/vnd.converge.approval+json"
OPTIONS, STARTS = ("--key", "--head"), ("RunStarted", "RunResumed")
DECISIONS = ("ApprovalRequested", "ApprovalDecided", "DecisionRefused", "TimerFired", "ApprovalSpent")
DENIED = ("ProposalRejected", "ProposalDenied")
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
    half = times(number // 2, add(point, point)) if number else (0, 1, 1, 0)
    return add(half, point) if number % 2 else half


def point_of(raw: bytes) -> Any:
    """The point of Ed25519 (RFC 8032) that 32 bytes stand for: (X, Y, Z, T) with x = X/Z, y = Y/Z, xy = T/Z."""
    sign, y = divmod(int.from_bytes(raw, "little"), 1 << 255)
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    x = x if (x * x - square) % P == 0 else x * pow(2, (P - 1) // 4, P) % P
    need((x * x - square) % P == 0 and times(8, (x, y, 1, x * y % P))[0] % P and y < P, "a key that proves nothing")
    x = P - x if x % 2 != sign else x
    return x, y, 1, x * y % P


def signed(key: str, kind: str, payload: bytes, signature: bytes) -> bool:
    """Whether the owner of a key (its text) signed a payload as DSSE has it."""
    raw = unbase64(key[8:])
    message = b"DSSEv1 %d %b %d %b" % (len(kind), kind.encode(), len(payload), payload)
    s, sizes = int.from_bytes(signature[32:], "little"), (len(raw), len(signature))
    need(key[:8] == "ed25519:" and sizes == (32, 64) and s < ORDER, "a key or signature out of form")
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
        texts, events, facts = [text.encode() for text in self.texts], self.events, of(self.events, "FactPromoted")
        chain = accumulate([bytes(32), *texts], lambda head, text: sha256(b"\0", head, text))
        hashes, named = [item.hex() for item in chain][1:], ("part", "name", "digest")
        end = next(event for event in reversed(events) if event["type"] not in DECISIONS[1:4])
        need(end["type"] in {"RunPaused", "RunStopped"}, "the run did not come to rest")
        need(len(facts) == len(self.contents), "not as many facts as were promoted")
        outcome = dict(zip(("criteria", "invariants"), self.verdicts(end["seq"])), end=end)
        says = {"schema": "converge.receipt/1", "run": events[0], "law": self.law(outcome), "outcome": outcome}
        says["materials"] = [dict(self.materials[part[2]], **dict(zip(named, part))) for part in self.parts()]
        says["inputs"] = [item for event in of(events, *STARTS) for item in event.get("inputs", ())]
        says["facts"] = [dict(event, content=c, **self.origin(event)) for event, c in zip(facts, self.contents)]
        says["rejections"] = [dict(event, suggestor=self.proposal(event)[0]) for event in of(events, *DENIED)]
        says["gates"], says["approvals"] = of(events, "GateDecided"), of(events, *DECISIONS)
        says["events"] = {"count": len(events), "head": hashes[-1], "hashes": hashes, "texts": self.texts}
        kinds = {"_type": "https://in-toto.io/Statement/v1", "predicateType": "urn:converge:receipt:1"}
        return dict(kinds, subject=[{"name": events[0]["run"], "digest": {"sha256": hashes[-1]}}], predicate=says)

    def parts(self) -> Any:
        """What events name by SHA-256, each once: (part, name, digest)."""
        found = {}
        for event in self.events:
            if event["type"] == "RunStarted":
                found.update({(item["part"], item["name"], item["digest"]): 0 for item in event.get("sources", ())})
                found["job", event["truth"], event["job"]] = 0
            if event["type"] in STARTS:
                found.update({("policy", item["name"], item.get("policy")): 0 for item in event.get("packs", ())})
                found["registry", "registry", event.get("registry")] = 0
                found.update({("input", item["name"], item["digest"]): 0 for item in event.get("inputs", ())})
            found["people", "people", event.get("people")] = 0
        return [part for part in found if part[2] and (part[0] != "input" or part[2] in self.materials)]

    def proposal(self, event: Any) -> Any:
        made = self.events[event["execution"] - 1] if 0 < event.get("execution", 0) < event["seq"] else {}
        need(made.get("type") == "SuggestorExecuted" and event.get("position", 0) >= 0, "it refers to no execution")
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
        came_to.update((x["id"], {"verdict": x["result"], "facts": x.get("evidence", [])}) for x in outcome["criteria"])
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
                need(repr(event["seq"]) == f"{place}", f"its sequence is {event['seq']}")
                need(canonical(event), "it has no canonical encoding")
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
                self.policies.add(sha256(canonical({name: files[name] for name in ("policies", "schema")})).hex())

    def on_gatedecided(self, event: Any) -> None:
        need(event["decision"].get("policy_hash", "") in self.policies, "its policy is not among the materials")

    def on_factpromoted(self, event: Any) -> None:
        content, said, place = next(self.given), {}, (event["key"], event["id"])
        need(place not in self.facts, f"{event['id']} is a fact already")
        need(event.get("corrects") is None or (event["key"], event["corrects"]) in self.facts, "it corrects nothing")
        if "content" in event:
            need(canonical(event["content"]).decode() == content, "its content is another")
        else:
            said = self.proposal(event)[1]
            need(all(said.get(n) == event.get(n) for n in ("key", "id", "corrects")), "it is not what was proposed")
            need(self.ids.issuperset(said.get("evidence", ())), "its evidence is not there")
        if event.get("gate") is not None:
            gate = self.events[event["gate"] - 1] if 0 < event["gate"] < event["seq"] else {}
            lets_in = gate.get("type") == "GateDecided" and gate["decision"]["outcome"] == "PROMOTE"
            need(lets_in and gate["fact"] == event["id"], f"event {event['gate']} is no gate that lets it in")
        if event.get("approvals"):
            after = self.events[event["seq"]]
            spent = after["requests"] if after["type"] == "ApprovalSpent" else []
            need(spent == event["approvals"], "its approvals are not spent with it")
        self.facts[place] = event, content, said.get("evidence", [])
        self.ids.add(event["id"])

    def on_approvalrequested(self, event: Any) -> None:
        want = event["request"]
        content = json.dumps(want["content"], separators=(",", ":"), ensure_ascii=False)
        named = {name: want[name] for name in ("point", "key", "kind", "evidence")}
        right = sha256(b'{"content":', content.encode(), b",", canonical(dict(named, id=want["fact"]))[1:]).hex()
        need(want["digest"] == right, "its digest is not that of what is asked")
        need(want["id"] == f"{self.events[0]['run']}.{want['point']}.{right[:12]}", "its id is that of another request")
        before = self.requests.get(want["id"], {"said": [], "spent": False})
        self.requests[want["id"]] = dict(want, content=content, said=before["said"], spent=before["spent"])

    def on_approvaldecided(self, event: Any) -> None:
        said = event["approval"]
        need(self.requests.get(said["request"], {}).get("digest") == said["digest"], "nothing like that was asked")
        people = self.events[0].get("people", "") if event.get("people") is None else event["people"]
        listed = json.loads(self.materials[people]["text"]) if people else []
        person: Any = {item["id"]: item for item in listed}.get(said["by"], {})
        need(person, f"{said['by']} is not among the people")
        if person.get("public_key") is not None:
            form, signature = {name: said[name] for name in said if name != "signature"}, said.get("signature") or ""
            fits = signed(person["public_key"], APPROVAL, canonical(form), unbase64(signature))
            need(fits, f"it is not signed by {said['by']}, who has a key")
        self.requests[said["request"]]["said"].append((said["decision"], said["by"]))

    def on_approvalspent(self, event: Any) -> None:
        fact, content, evidence = self.facts.get((event["key"], event["fact"]), ({}, "", []))
        need((fact.get("seq"), fact.get("approvals")) == (event["seq"] - 1, event["requests"]), "spent on no fact")
        for name in event["requests"]:
            asked = self.requests.get(name, {"spent": True})
            need(not asked["spent"], f"{name} was never asked for, or is spent already")
            approved = [asked[part] for part in ("key", "fact", "kind", "content", "evidence")]
            right = [event["key"], event["fact"], event["fact"].split(":")[0], content, evidence]
            need(approved == right, f"what {name} approves is not {event['fact']}")
            yes = {decision for decision, _ in asked["said"]} == {"approved"}
            need(yes and len(set(asked["said"])) >= asked.get("quorum", 1), f"{name} was not approved")
            asked["spent"] = True

    def on_runpaused(self, event: Any) -> None:
        criteria, invariants = self.verdicts(event["seq"])
        met = [[item["id"], item["result"], item.get("evidence", [])] for item in criteria]
        held = sorted([item["id"], item["verdict"]] for item in invariants)
        verdicts = {"reason": event["stop"]["reason"], "criteria": met, "invariants": held}
        told = [(fact["key"], fact["id"], text, fact.get("corrects") or "") for fact, text, _ in self.facts.values()]
        lines = [canonical(verdicts), *sorted("\0".join(line).encode() for line in told), b""]
        right = sha256(b"\n".join(lines)).hex()
        need(event["outcome"] == right, "its outcome digest is not that of the facts and verdicts before it")


def verify(data: bytes, key: Any = None, head: Any = None) -> Any:
    envelope = json.loads(data.decode())
    need(envelope.get("payloadType") == PAYLOAD and len(envelope) == 3, "it is not a receipt")
    need(canonical(envelope) == data, "the file is not its own canonical encoding")
    payload, signatures, signer = unbase64(envelope["payload"]), envelope["signatures"], ""
    need(isinstance(signatures, list) and len(signatures) <= 1, "a receipt has at most one signature")
    for item in signatures:
        signer, fits = item["keyid"], signed(item["keyid"], PAYLOAD, payload, unbase64(item["sig"]))
        need(fits and len(item) == 2, f"its signature does not fit {signer}")
    told, materials = json.loads(payload.decode(), parse_float=lambda text: need(0, text))["predicate"], {}
    for item in told["materials"]:
        raw = item["text"].encode() if "text" in item else unbase64(item["base64"])
        need(sha256(raw).hex() == item["digest"], f"{item['part']} {item['name']} is not what was recorded")
        text, other = raw.decode("utf-8", "replace"), {"base64": base64.b64encode(raw).decode()}
        materials[item["digest"]] = {"text": text} if text.encode() == raw else other
    record = Record(told["events"]["texts"], materials, [fact["content"] for fact in told["facts"]])
    built = record.statement()
    wrong = [name for name in built["predicate"] if told.get(name) != built["predicate"][name]]
    need(not wrong and canonical(built) == payload, f"{wrong or 'it'} is not what its events say")
    record.check()
    need(key is None or signer == key.strip(), f"it is signed by {signer or 'nobody'}, not by {key}")
    found, spent = told["events"]["head"], {name for name, asked in record.requests.items() if asked["spent"]}
    need(head is None or head.strip().lower() == found, f"its head is {found}, not {head}")
    return dict(told, spent=spent)


def check_pair(one: Any, other: Any) -> None:
    """Refuse two histories of one run; an approval's id holds that of its run, so two runs have none in common."""
    run, twice = one["run"]["run"], ", ".join(sorted(one["spent"] & other["spent"])) or "no approval"
    pairs = enumerate(zip(one["events"]["hashes"], other["events"]["hashes"]), start=1)
    fork = next((place for place, (left, right) in pairs if left != right), 0) if run == other["run"]["run"] else 0
    need(not fork, f"they tell run {run} differently from event {fork} on; both spend {twice}")


def main() -> int:
    words, told, file = sys.argv[1:], {}, ""  # type: Any, Any, Any
    try:
        key, head = (words.pop(words.index(name) + 1) if name in words else None for name in OPTIONS)
        files = [word for word in words if word not in OPTIONS]
        need(files and (len(files) == 1 or head is None), __doc__)
        for file in files:
            need(Path(file).is_file(), "it is not a file")
            told[file] = verify(Path(file).read_bytes(), key, head)
        for file in combinations(told, 2):
            check_pair(*(told[name] for name in file))
    except Exception as error:  # whatever is wrong with it, it is not verified
        sys.stdout.write(f"not verified: {file}: {type(error).__name__}: {error}\n")
        return 9
    sys.stdout.write("self-consistent, not authenticated\n" if (key, head) == (None, None) else "authentic\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
