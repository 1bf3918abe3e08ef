"""Every route with every kind of credential, over the real application: who gets in, who is told what.

The routes are taken from the application: one that has no row here fails.
"""

import base64
import json
import socket
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import httpx2
import jwt
import pytest

from converge_cli.app.jobs.caller import Role
from converge_cli.app.jobs.keys import new_key, revoke_key
from converge_cli.bootstrap import make_keys, make_services
from converge_cli.server.access import whoever_is_known
from converge_cli.server.limits import Share
from converge_cli.settings import TokenSettings, load_settings

CONTENT = Path(__file__).parents[3]
SECRET = b"0123456789abcdef0123456789ABCDEF"
AUDIENCE, ISSUER = "converge", "https://id.example.com/"
CALLERS = {
    "other": ("carl", [Role.SUBMIT, Role.DECIDE]),
    "owner": ("petra", [Role.SUBMIT]),
    "decider": ("mona", [Role.DECIDE]),
    "reader": ("rita", [Role.READ]),
    "operator": ("operator", [Role.SUBMIT, Role.READ, Role.OPERATE]),
}
"""Of a job that petra submitted and that waits for mona; carl is a person too, whom nobody asks."""
YES = {"decision": "approved", "reason": "three bids compared"}


class Row(NamedTuple):
    """What the callers of a route are answered, in the order of `CALLERS`; without a good credential it is 401.

    Attributes:
        body: what is sent.
        fresh: whether each who gets in needs a job of its own, since the route changes it.
        anybody: whether nobody is asked who they are.
    """

    statuses: tuple[int, int, int, int, int]
    path: str = ""
    body: Any = None
    fresh: bool = False
    anybody: bool = False


ALL, JOB = (200, 200, 200, 200, 200), (404, 200, 200, 200, 200)
ROWS = {
    "GET /health": Row(ALL, anybody=True),
    "GET /ready": Row(ALL, anybody=True),
    "GET /api-docs/openapi.json": Row(ALL, anybody=True),
    "GET /metrics": Row((403, 403, 403, 200, 200)),
    "POST /api/v1/jobs": Row((202, 202, 403, 403, 202), body={"truth": "hello-convergence"}),
    "GET /api/v1/jobs": Row(ALL),
    "GET /api/v1/jobs/{job}": Row(JOB),
    "GET /api/v1/jobs/{job}/stream": Row(JOB, "/api/v1/jobs/{job}/stream?until=pause"),
    "POST /api/v1/jobs/{job}/tickets": Row((404, 201, 201, 201, 201)),
    "POST /api/v1/jobs/{job}/approvals/{request}": Row((404, 403, 200, 403, 403), body=YES, fresh=True),
    "POST /api/v1/jobs/{job}/cancel": Row((404, 202, 403, 403, 202), fresh=True),
    "POST /api/v1/jobs/{job}/resume": Row((404, 202, 403, 403, 202), body={}, fresh=True),
    "GET /api/v1/jobs/{job}/events": Row(JOB),
    "GET /api/v1/jobs/{job}/facts/{fact}": Row(JOB),
    "GET /api/v1/jobs/{job}/explain": Row(JOB),
    "GET /api/v1/jobs/{job}/receipt": Row(JOB),
    "GET /api/v1/jobs/{job}/blobs/{digest}": Row(JOB),
    "GET /api/v1/inbox": Row((200, 403, 200, 200, 200)),
    "GET /api/v1/truths": Row(ALL),
    "GET /api/v1/truths/{name}": Row(ALL, "/api/v1/truths/vendor-selection"),
    "GET /api/v1/templates": Row(ALL),
    "GET /api/v1/templates/{name}": Row(ALL, "/api/v1/templates/vendor-selection"),
    "POST /api/v1/validate": Row(ALL, body={"feature": "Feature: A note is written\n"}),
    "GET /api/v1/packs": Row(ALL),
    "GET /api/v1/packs/{name}": Row(ALL, "/api/v1/packs/procurement"),
}


class Guarded:
    """A server that asks who calls, and credentials of every kind."""

    def __init__(self, served: Any, keys: Any, noted: list[str]) -> None:
        self.served = served
        self.keys = keys
        self.noted = noted
        self.good = {
            "key": {name: bearer(new_key(keys, *who).secret) for name, who in CALLERS.items()},
            "token": {name: bearer(token(*who)) for name, who in CALLERS.items()},
        }
        self.bad = self._bad()

    def _bad(self) -> dict[str, dict[str, str]]:
        person, roles = "petra", list(Role)
        expired = new_key(self.keys, person, roles, seconds=Decimal("0.000001")).secret
        revoked = new_key(self.keys, person, roles)
        revoke_key(self.keys, revoked.key.id)
        good = new_key(self.keys, person, roles).secret
        body = token(person, roles).split(".")[1]
        unsigned = base64.urlsafe_b64encode(b'{"alg":"none","typ":"JWT"}').rstrip(b"=").decode()
        return {
            "none": {},
            "empty": {"Authorization": ""},
            "a wrong key": bearer("cvk_" + "0" * 43),
            "an expired key": bearer(expired),
            "a revoked key": bearer(revoked.secret),
            "a good key, not as Bearer": {"Authorization": f"Basic {good}"},
            "a good key in another header": {"X-API-Key": good},
            "a good key in a cookie": {"Cookie": f"token={good}; Authorization=Bearer {good}"},
            "two keys at once": {"Authorization": f"Bearer {good}, Bearer {good}"},
            "an unsigned token": bearer(f"{unsigned}.{body}."),
            "a stranger's token": bearer(token(person, roles, secret=SECRET[::-1])),
            "an expired token": bearer(token(person, roles, exp=1)),
            "a token for others": bearer(token(person, roles, aud="elsewhere")),
            "a token without roles": bearer(token(person, [])),
        }

    def waiting(self) -> str:
        """A job of petra's that waits for mona."""
        owner = self.good["key"]["owner"]
        job = self.served.post("/api/v1/jobs", {"truth": "vendor-selection"}, **owner)["job_id"]
        self.served.http.headers.update(owner)
        assert "paused" == self.served.rested(job)["status"]
        del self.served.http.headers["Authorization"]
        return str(job)

    def path(self, route: str, row: Row, job: str) -> str:
        """An address of a route, for a job that waits."""
        headers = self.good["key"]["owner"]
        path = row.path or route.split(" ")[1]
        names = {"{job}": job}
        if "{request}" in path:
            names["{request}"] = "vendor_commitment"
        if "{fact}" in path:
            seen = self.served.http.get(f"/api/v1/jobs/{job}", headers=headers).json()
            names["{fact}"] = seen["result"]["facts"][0]["id"]
        if "{digest}" in path:
            events = self.served.http.get(f"/api/v1/jobs/{job}/events", headers=headers).json()["events"]
            names["{digest}"] = events[0]["job"]
        for name, value in names.items():
            path = path.replace(name, value)
        assert "{" not in path, f"{route} needs a path in its row"
        return path

    def ask(self, route: str, row: Row, job: str, headers: dict[str, str]) -> Any:
        """An answer."""
        method = route.split(" ", maxsplit=1)[0]
        return self.served.http.request(method, self.path(route, row, job), json=row.body, headers=headers)


def bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


def token(person: str, roles: list[Role], secret: bytes = SECRET, **changes: Any) -> str:
    """A token, good but for what is said."""
    claims = {"sub": person, "iss": ISSUER, "aud": AUDIENCE, "exp": 1 << 35, "converge_roles": roles}
    return jwt.encode(claims | changes, secret, "HS256")


@pytest.fixture
def guarded(serving: Any, tmp_path: Path) -> Iterator[Guarded]:
    """Its keys are made by another process, as it were."""
    settings = replace(load_settings(CONTENT, {}), storage_path=tmp_path / "store")
    services = make_services(CONTENT, settings=settings)
    keys = make_keys(services, settings)
    (tmp_path / "secret").write_bytes(SECRET)
    tokens = TokenSettings("HS256", tmp_path / "secret", AUDIENCE, ISSUER)
    noted: list[str] = []
    access = whoever_is_known(keys, tokens, noted.append)
    share = Share(refused=100_000)
    with serving(caller_of=access.caller_of, local=False, share=share, metrics=lambda: b"up 1\n") as served:
        yield Guarded(served, keys, noted)
    services.experience.close()


def routes_of(served: Any) -> set[str]:
    """Every route that the application has, in the document or not."""
    inner = served.app
    while not hasattr(inner, "routes"):
        inner = getattr(inner, "app", None) or inner._app
    waiting, found = list(inner.routes), set()
    while waiting:
        route = waiting.pop()
        if hasattr(route, "original_router"):
            waiting += route.original_router.routes
        else:
            found |= {f"{method} {route.path}" for method in route.methods - {"HEAD"}}
    return found


def test_every_route_has_a_row(guarded: Guarded) -> None:
    """Whoever adds a route says here who may use it."""
    assert set(ROWS) == routes_of(guarded.served)
    documented = guarded.served.http.get("/api-docs/openapi.json").json()["paths"]
    assert set(ROWS) == {f"{verb.upper()} {path}" for path, verbs in documented.items() for verb in verbs}


def test_without_a_good_credential_nobody_gets_in_anywhere(guarded: Guarded) -> None:
    """401 in the same words, whatever it was, and whether there is such a job or not; nothing has changed after."""
    job, owner = guarded.waiting(), guarded.good["key"]["owner"]
    before = guarded.served.http.get(f"/api/v1/jobs/{job}", headers=owner).json()
    expected, found, told = {}, {}, set()
    for route, row in ROWS.items():
        path = guarded.path(route, row, job)
        for name, headers in guarded.bad.items():
            for asked in {path, path.replace(job, "neverwas1")}:
                answer = guarded.served.http.request(route.split(" ")[0], asked, json=row.body, headers=headers)
                expected[route, name, asked] = 200 if row.anybody else 401
                found[route, name, asked] = answer.status_code
                if not row.anybody:
                    told.add(json.dumps(answer.json() | {"instance": ""}))
                    assert 'Bearer realm="converge"' == answer.headers["www-authenticate"]
    assert expected == found
    assert 1 == len(told)
    assert before == guarded.served.http.get(f"/api/v1/jobs/{job}", headers=owner).json()
    assert 1 == len(guarded.served.http.get("/api/v1/jobs", headers=owner).json()["jobs"])


@pytest.mark.parametrize("form", ["key", "token"])
def test_with_a_good_credential_everybody_gets_what_is_theirs(guarded: Guarded, form: str) -> None:
    """The same by key and by token: what is another's is not there, what is seen and not one's to do is forbidden."""
    shared = guarded.waiting()
    expected, found = {}, {}
    for route, row in ROWS.items():
        for name, status in zip(CALLERS, row.statuses, strict=True):
            job = guarded.waiting() if row.fresh and status < 300 else shared
            answer = guarded.ask(route, row, job, guarded.good[form][name])
            expected[route, name] = status
            found[route, name] = answer.status_code
            if status in {403, 404}:
                code = {403: "FORBIDDEN", 404: "JOB_NOT_FOUND"}[status]
                assert (route, name, code) == (route, name, answer.json()["code"])
    assert expected == found


def test_a_list_has_what_its_caller_may_see(guarded: Guarded) -> None:
    """Jobs, and what waits."""
    job = guarded.waiting()
    jobs = {
        name: [line["job_id"] for line in guarded.served.http.get("/api/v1/jobs", headers=headers).json()["jobs"]]
        for name, headers in guarded.good["key"].items()
    }
    assert {"other": [], "owner": [job], "decider": [], "reader": [job], "operator": [job]} == jobs
    waits = {}
    for name in ("other", "decider", "reader", "operator"):
        answer = guarded.served.http.get("/api/v1/inbox", headers=guarded.good["key"][name])
        waits[name] = job in answer.text
    assert {"other": False, "decider": True, "reader": True, "operator": True} == waits
    asked = guarded.served.http.get("/api/v1/inbox?person=mona", headers=guarded.good["key"]["other"])
    assert 403 == asked.status_code


def test_nobody_acts_as_another_over_http(guarded: Guarded) -> None:
    """Neither in a decision, nor in one that is given along, nor as the principal; nothing was recorded."""
    job, keys = guarded.waiting(), guarded.good["key"]
    approvals = [{"point": "vendor_commitment", "by": "mona"}]
    attempts = [
        ("other", f"/api/v1/jobs/{job}/approvals/vendor_commitment", YES | {"by": "mona"}),
        ("operator", f"/api/v1/jobs/{job}/approvals/vendor_commitment", YES | {"by": "mona"}),
        ("owner", "/api/v1/jobs", {"truth": "vendor-selection", "approvals": approvals}),
        ("other", "/api/v1/jobs", {"truth": "vendor-selection", "approvals": approvals}),
        ("operator", "/api/v1/jobs", {"truth": "vendor-selection", "approvals": approvals}),
        ("other", "/api/v1/jobs", {"truth": "vendor-selection", "principal": "sofia"}),
    ]
    for name, path, body in attempts:
        answer = guarded.served.http.post(path, json=body, headers=keys[name])
        assert (name, 403, "FORBIDDEN") == (name, answer.status_code, answer.json()["code"])
    seen = guarded.served.http.get(f"/api/v1/jobs/{job}", headers=keys["owner"]).json()
    assert ("paused", 1) == (seen["status"], seen["pending"])
    assert 1 == len(guarded.served.http.get("/api/v1/jobs", headers=keys["operator"]).json()["jobs"])


def test_bytes_of_another_run_are_not_to_be_had(guarded: Guarded) -> None:
    """Neither through one's own job, nor by their digest alone; a digest that one wrote oneself names nothing."""
    job, keys = guarded.waiting(), guarded.good["key"]
    digest = guarded.served.http.get(f"/api/v1/jobs/{job}/events", headers=keys["owner"]).json()["events"][0]["job"]
    guarded.served.http.headers.update(keys["other"])
    mine = guarded.served.submit(seeds=[f"Seeds:text:stolen={digest}"])
    guarded.served.rested(mine)
    assert "BLOB_NOT_FOUND" == guarded.served.get(f"/api/v1/jobs/{mine}/blobs/{digest}", 404)["code"]
    assert "JOB_NOT_FOUND" == guarded.served.get(f"/api/v1/jobs/{job}/blobs/{digest}", 404)["code"]


def test_an_idempotency_key_of_another_tells_nothing(guarded: Guarded) -> None:
    """It is as if nobody had used it."""
    post, keys = guarded.served.http.post, guarded.good["key"]
    body = {"truth": "hello-convergence"}
    theirs = post("/api/v1/jobs", json=body, headers={**keys["owner"], "Idempotency-Key": "k1"}).json()["job_id"]
    answer = post("/api/v1/jobs", json=body | {"strict": True}, headers={**keys["other"], "Idempotency-Key": "k1"})
    assert (202, False) == (answer.status_code, theirs in answer.text)


def test_a_ticket_opens_one_stream_once(guarded: Guarded) -> None:
    """Not another job's, not twice, not with a letter changed; and it says nothing of the job to who guesses."""
    job, other = guarded.waiting(), guarded.waiting()
    get, owner = guarded.served.http.get, guarded.good["key"]["owner"]

    def ticket() -> str:
        issued = guarded.served.http.post(f"/api/v1/jobs/{job}/tickets", headers=owner).json()["ticket"]
        return str(issued)

    def opened(of: str, given: str) -> int:
        return int(get(f"/api/v1/jobs/{of}/stream", params={"ticket": given, "until": "pause"}).status_code)

    good = ticket()
    assert [200, 401] == [opened(job, good), opened(job, good)]
    elsewhere = ticket()
    assert [401, 401] == [opened(other, elsewhere), opened(job, elsewhere)]
    assert [401, 401, 401] == [opened(job, given) for given in ("", ticket()[:-1], "x" * 43)]
    assert 401 == get("/api/v1/jobs", params={"ticket": ticket()}).status_code


@pytest.mark.parametrize("name", ["token", "access_token", "api_key", "key", "authorization", "Bearer", "JWT"])
def test_a_credential_in_an_address_opens_nothing(guarded: Guarded, name: str) -> None:
    """Not even beside a good one: by then it stands in logs."""
    owner = guarded.good["key"]["owner"]
    secret = owner["Authorization"].removeprefix("Bearer ")
    for headers in ({}, owner):
        answer = guarded.served.http.get("/api/v1/jobs", params={name: secret}, headers=headers)
        assert (400, "CREDENTIAL_IN_QUERY", False) == (
            answer.status_code,
            answer.json()["code"],
            secret in answer.text,
        )


def test_a_key_made_or_revoked_elsewhere_counts_from_the_next_request_on(guarded: Guarded) -> None:
    """Nothing is remembered of a key."""
    made = new_key(guarded.keys, "petra", [Role.SUBMIT])
    statuses = [guarded.served.http.get("/api/v1/jobs", headers=bearer(made.secret)).status_code]
    revoke_key(guarded.keys, made.key.id)
    statuses.append(guarded.served.http.get("/api/v1/jobs", headers=bearer(made.secret)).status_code)
    assert [200, 401] == statuses


@pytest.mark.parametrize("by_ticket", [False, True])
def test_a_stream_ends_soon_after_its_key_was_revoked(guarded: Guarded, *, by_ticket: bool) -> None:
    """With the same words as a request; however it was opened, and although the job still waits."""
    job = guarded.waiting()
    made = new_key(guarded.keys, "petra", [Role.SUBMIT])
    headers, path, http = bearer(made.secret), f"/api/v1/jobs/{job}/stream", guarded.served.http
    if by_ticket:
        path, headers = http.post(f"/api/v1/jobs/{job}/tickets", headers=headers).json()["url"], {}
    with http.stream("GET", path, headers=headers) as stream:
        lines = stream.iter_lines()
        assert "event: paused" == next(line for line in lines if line == "event: paused")
        revoke_key(guarded.keys, made.key.id)
        told = [line for line in lines if line.startswith(("event: ", "data: "))]
    assert "event: error" == told[-2]
    assert "UNAUTHORIZED" == json.loads(told[-1].removeprefix("data: "))["code"]


def test_a_ticket_opens_nothing_once_its_key_was_revoked(guarded: Guarded) -> None:
    """It is worth no more than what was shown for it."""
    job = guarded.waiting()
    made = new_key(guarded.keys, "petra", [Role.SUBMIT])
    url = guarded.served.http.post(f"/api/v1/jobs/{job}/tickets", headers=bearer(made.secret)).json()["url"]
    revoke_key(guarded.keys, made.key.id)
    assert 401 == guarded.served.http.get(url).status_code


def test_two_authorization_headers_are_none(guarded: Guarded) -> None:
    """What stands before a server may look at the first, the server at the last: then each believes another."""
    owner, other = guarded.good["key"]["owner"]["Authorization"], guarded.good["key"]["other"]["Authorization"]
    for pair in ((owner, other), (owner, owner), ("", owner)):
        headers = [("Authorization", value) for value in pair]
        assert 401 == guarded.served.http.get("/api/v1/jobs", headers=headers).status_code


@pytest.mark.parametrize("length", [8193, 60_000, 1_000_000])
def test_an_authorization_that_is_too_long_is_refused(guarded: Guarded, length: int) -> None:
    """By us, or by the reader of headers before us; the server goes on."""
    try:
        answer = guarded.served.http.get("/api/v1/jobs", headers=bearer("x" * length))
    except httpx2.TransportError:  # it was cut while it was still being sent
        pass
    else:
        assert answer.status_code in {400, 401, 431}
    assert 200 == guarded.served.http.get("/api/v1/jobs", headers=guarded.good["key"]["owner"]).status_code


def test_no_line_can_be_put_into_a_header_or_the_log(guarded: Guarded) -> None:
    """A line break ends what is sent; what came before it is no credential, and nothing of it is told."""
    address = guarded.served.http.base_url
    owner = guarded.good["key"]["owner"]["Authorization"]
    for value in (f"{owner}\nX-Person: root", f"{owner}\r X", f"{owner}\x00", "Bearer \x1b[2Jroot"):
        with socket.create_connection((address.host, address.port), timeout=5) as wire:
            head = f"GET /api/v1/jobs HTTP/1.1\r\nHost: localhost\r\nAuthorization: {value}\r\nConnection: close\r\n"
            wire.sendall(head.encode() + b"\r\n")
            answered = wire.makefile("rb").read()
        assert answered.split(b" ")[1] in {b"400", b"401"}, value
        assert b"root" not in answered
    assert not [line for line in guarded.noted if "root" in line or not line.isprintable()]
