"""What is refused before anybody looks at what it means, and what every answer has."""

import json
import socket
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import pytest

from converge_cli.app.identity import identities, new_identity
from converge_cli.app.jobs.caller import LOCAL, Caller, Role
from converge_cli.bootstrap import make_service
from converge_cli.core.errors import ConvergeError
from converge_cli.server.body_limits import MOST_DEEP, check_depth
from converge_cli.server.door import make_door
from converge_cli.server.http.door import http_door
from converge_cli.server.http.front import SECURITY
from converge_cli.server.limits import Limits, Share, TooManyRequestsError
from converge_cli.server.request_errors import RequestMalformedError
from converge_cli.server.service import Service
from converge_cli.settings import Settings, load_settings
from converge_cli.store.unavailable import StoreUnavailableError
from converge_cli.testing import ManualClock

JSON = {"Content-Type": "application/json"}


class _UnauthorizedError(ConvergeError):
    code = "UNAUTHORIZED"


def keyed(header: str, address: str) -> Caller:
    """Mona's and Petra's keys are their names."""
    name = header.removeprefix("Bearer ")
    if name not in {"mona", "petra"}:
        raise _UnauthorizedError("no credential that is known", hint="send one")
    return Caller(name, frozenset({Role.SUBMIT, Role.DECIDE}))


def by(name: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {name}"}


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/", 404, "ROUTE_NOT_FOUND"),
        ("GET", "/api/v1/nope", 404, "ROUTE_NOT_FOUND"),
        ("DELETE", "/api/v1/jobs", 405, "METHOD_NOT_ALLOWED"),
        ("POST", "/health", 405, "METHOD_NOT_ALLOWED"),
        ("GET", "/api/v1/jobs/../../etc/passwd", 404, "ROUTE_NOT_FOUND"),
        ("GET", "/api/v1/truths/..%2f..%2fetc", 404, "ROUTE_NOT_FOUND"),
        ("GET", "/api/v1/truths/%2e%2e", 422, "REQUEST_INVALID"),
        ("GET", "/api/v1/truths/a%0d%0ab", 422, "REQUEST_INVALID"),
        ("GET", "/api/v1/truths/a%00b", 422, "REQUEST_INVALID"),
        ("GET", "/api/v1/jobs/%00", 404, "JOB_NOT_FOUND"),
        ("GET", "/api/v1/jobs/%ff", 404, "JOB_NOT_FOUND"),
        ("GET", f"/api/v1/jobs/{'x' * 65}", 422, "REQUEST_INVALID"),
        ("GET", "/api/v1/jobs?limit=0", 422, "REQUEST_INVALID"),
        ("GET", "/api/v1/jobs?limit=x", 422, "REQUEST_INVALID"),
        ("GET", "/api/v1/jobs?status=nope", 422, "REQUEST_INVALID"),
        ("GET", "/api/v1/jobs?before=nope", 404, "JOB_NOT_FOUND"),
        ("GET", "/api/v1/jobs?token=abc", 400, "CREDENTIAL_IN_QUERY"),
        ("GET", "/api/v1/jobs?Access_Token=abc", 400, "CREDENTIAL_IN_QUERY"),
        ("GET", "/ready?api_key=abc", 400, "CREDENTIAL_IN_QUERY"),
        ("GET", "/health?verbose", 422, "REQUEST_INVALID"),
        ("GET", "/nope?x=1", 404, "ROUTE_NOT_FOUND"),
        ("DELETE", "/api/v1/jobs?x=1", 405, "METHOD_NOT_ALLOWED"),
    ],
)
def test_whatever_is_refused_is_a_problem(served: Any, method: str, path: str, status: int, code: str):
    """The framework's own refusals too."""
    answer = served.http.request(method, path)
    problem = answer.json()
    assert (status, "application/problem+json") == (answer.status_code, answer.headers["content-type"])
    assert (code, status) == (problem["code"], problem["status"])
    assert {"type", "title", "status", "code", "detail", "hint", "where", "instance"} <= problem.keys()


def test_a_parameter_that_a_route_does_not_have_is_refused_with_those_it_has(served: Any):
    """Of every route, by the document; a filter that is misspelt would seem to be heeded."""
    document = served.get("/api-docs/openapi.json")
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            known = sorted(item["name"] for item in operation.get("parameters", ()) if item["in"] == "query")
            answer = served.http.request(method, path.format(job="x", request="y", fact="z", digest="0" * 64, name="n"),
                                         params={"verbose": "1"})  # fmt: skip
            problem = answer.json()
            assert (422, "REQUEST_INVALID", "query.verbose") == (
                answer.status_code, problem["code"], problem["where"],
            ), path  # fmt: skip
            assert "no query parameter 'verbose'" == problem["detail"]
            assert f"known: {', '.join(known) or 'none'}" == problem["hint"]
            assert "422" in operation["responses"], path


@pytest.mark.parametrize(
    "query", ["limit=1&limit=2", "limit=1&status=ended&limit=1", "&".join(f"limit={n}" for n in range(500))]
)
def test_a_parameter_that_is_given_twice_is_refused(served: Any, query: str):
    """What stands before us may have looked at the other one."""
    answer = served.http.get(f"/api/v1/jobs?{query}")
    problem = answer.json()
    assert (422, "query parameter 'limit' is given twice", "query.limit") == (
        answer.status_code, problem["detail"], problem["where"],
    )  # fmt: skip


def test_a_method_that_is_not_served_is_told_with_all_that_are(served: Any):
    """In the header that the standard names, and in words."""
    for path, allowed in (("/api/v1/jobs", "GET, POST"), ("/api/v1/jobs/x/cancel", "POST"), ("/health", "GET")):
        answer = served.http.put(path)
        assert (405, allowed, f"what is: {allowed}") == (
            answer.status_code, answer.headers["allow"], answer.json()["hint"],
        )  # fmt: skip


@pytest.mark.parametrize("path", ["/health", "/ready", "/api/v1/jobs", "/nope", "/api-docs/openapi.json"])
def test_every_answer_has_the_security_headers_and_no_name_of_the_server(served: Any, path: str):
    """Problems and the quick answer to probes too."""
    headers = served.http.get(path).headers
    assert {name.decode(): value.decode() for name, value in SECURITY}.items() <= dict(headers).items()
    assert {"server", "x-powered-by", "access-control-allow-origin"}.isdisjoint(headers)


@pytest.mark.parametrize(
    ("body", "headers", "status", "code"),
    [
        (b"{", JSON, 400, "REQUEST_MALFORMED"),
        (b'{"truth": "\xff"}', JSON, 400, "REQUEST_MALFORMED"),
        (b'{"truth": "\\ud800"}', JSON, 400, "REQUEST_MALFORMED"),
        (b'{"truth": NaN}', JSON, 400, "REQUEST_MALFORMED"),
        (b"[" * 100_000, JSON, 400, "REQUEST_MALFORMED"),
        (b'{"parameters": {"a": ' + b'{"b":' * 200 + b"1" + b"}" * 200 + b"}}", JSON, 400, "REQUEST_MALFORMED"),
        (b'{"truth": "hello-convergence"}', {}, 415, "MEDIA_TYPE_UNKNOWN"),
        (b'{"truth": "hello-convergence"}', {"Content-Type": "text/plain"}, 415, "MEDIA_TYPE_UNKNOWN"),
        (b" " * 1_000_001, JSON, 413, "BODY_TOO_LARGE"),
    ],
)
def test_bodies_are_looked_at_before_they_are_read(served: Any, body: bytes, headers: Any, status: int, code: str):
    """Size, kind, depth, form: in this order, and each with its own code."""
    answer = served.http.post("/api/v1/jobs", content=body, headers=headers)
    assert (status, code) == (answer.status_code, answer.json()["code"])


def test_a_body_that_does_not_say_its_size_is_cut_off_too(served: Any):
    """As soon as it is too large."""
    answer = served.http.post("/api/v1/jobs", content=(b" " * 100_000 for _ in range(11)), headers=JSON)
    assert "BODY_TOO_LARGE" == answer.json()["code"]


def test_brackets_inside_texts_are_no_depth():
    """Nor are many that stand beside one another."""
    check_depth(json.dumps({"a": "[{" * 1000 + '\\"' + "[" * 1000, "b": [[]] * 1000}).encode())
    with pytest.raises(RequestMalformedError):
        check_depth(b'["\\\\",' + b"[" * MOST_DEEP)


def test_many_brackets_are_counted_quickly():
    """A million of them in less than a second, or a body could hold a server up."""
    began = time.perf_counter()
    check_depth(b"[" + b"[],{}," * 250_000)
    assert time.perf_counter() - began < 1


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "localhost:8080"}, 200),
        ({"Host": "[::1]:8080"}, 200),
        ({"Host": "evil.example"}, 403),
        ({"Origin": "http://localhost:3000"}, 200),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
    ],
)
def test_a_web_page_can_not_call_a_server_that_asks_nobody(served: Any, headers: dict[str, str], status: int):
    """Neither from another origin nor under a name that somebody made lead here."""
    assert status == served.http.get("/api/v1/jobs", headers=headers).status_code


def test_pages_may_call_only_from_origins_that_were_configured(serving: Any):
    """CORS is off otherwise."""
    with serving(local=False, origins=("https://app.example",)) as served:
        for origin, allowed in (("https://app.example", "https://app.example"), ("https://evil.example", None)):
            answer = served.http.get("/api/v1/jobs", headers={"Origin": origin})
            assert allowed == answer.headers.get("access-control-allow-origin")


def test_who_has_no_credential_is_told_how_to_show_one(serving: Any):
    """401 with a challenge, for every route but the probes and the document."""
    with serving(caller_of=keyed, local=False) as served:
        answer = served.http.get("/api/v1/jobs")
        assert (401, 'Bearer realm="converge"') == (answer.status_code, answer.headers["www-authenticate"])
        assert [200, 200, 200] == [
            served.http.get(path).status_code for path in ("/health", "/ready", "/api-docs/openapi.json")
        ]
        assert 403 == served.http.get("/metrics", headers=by("mona")).status_code


def test_who_calls_is_asked_before_what_is_wrong_with_the_query(serving: Any):
    """Where it is asked at all."""
    with serving(caller_of=keyed) as served:
        status = [served.http.get(path).status_code for path in ("/api/v1/jobs?x=1", "/ready?x=1")]
        assert [401, 422, 422] == [*status, served.http.get("/api/v1/jobs?x=1", headers=by("mona")).status_code]


def test_what_is_another_persons_is_not_there(serving: Any):
    """Nobody learns that it exists: the same answer as for a job that never was."""
    with serving(caller_of=keyed, local=False) as served:
        job = served.post("/api/v1/jobs", {"truth": "hello-convergence"}, **by("petra"))["job_id"]
        told = [served.http.get(f"/api/v1/jobs/{name}", headers=by("mona")) for name in (job, "neverwas1")]
        assert [404, 404] == [answer.status_code for answer in told]
        assert told[0].json()["detail"].replace(job, "neverwas1") == told[1].json()["detail"]
        assert 200 == served.http.get(f"/api/v1/jobs/{job}", headers=by("petra")).status_code


def test_guessing_credentials_is_slowed_down(serving: Any):
    """By address; 429 says when to try again."""
    with serving(caller_of=keyed, local=False, share=Share(refused=1)) as served:
        answers = [served.http.get("/api/v1/jobs", headers=by(str(number))) for number in range(8)]
        assert {401, 429} == {answer.status_code for answer in answers}
        assert "1" == answers[-1].headers["retry-after"]


def test_who_calls_while_keys_can_not_be_looked_up_guesses_nothing(serving: Any):
    """The store is told as it is, however often: nobody is slowed down for it."""

    def away(*_: str) -> Caller:
        raise StoreUnavailableError(Path("store"), "disk I/O error", "look at the disk")

    with serving(caller_of=away, local=False, share=Share(refused=1)) as served:
        answers = [served.http.get("/api/v1/jobs", headers=by("mona")) for _ in range(8)]
        assert [503] * 8 == [answer.status_code for answer in answers]


def test_a_caller_takes_no_more_than_its_share(serving: Any):
    """And takes nothing from another."""
    with serving(caller_of=keyed, local=False, share=Share(rate=1, burst=3)) as served:
        mine = [served.http.get("/api/v1/jobs", headers=by("petra")).status_code for _ in range(5)]
        assert ([200, 200, 200], 429) == (mine[:3], mine[-1])
        assert 200 == served.http.get("/api/v1/jobs", headers=by("mona")).status_code


def test_shares_fill_up_again_and_places_are_given_back():
    """In time, and when a request ends."""
    clock = ManualClock()
    limits = Limits(Share(rate=1, burst=1, requests=1, streams=1), clock.monotonic)
    limits.count("mona")
    with pytest.raises(TooManyRequestsError):
        limits.count("mona")
    clock.advance(1)
    limits.count("mona")
    with limits.request("mona"), pytest.raises(TooManyRequestsError), limits.request("mona"):
        pass
    with limits.request("mona"), limits.stream("mona"), limits.request("petra"):
        pass


def test_a_full_queue_is_told_with_when_to_try_again(serving: Any):
    """503, and what was taken stays."""
    with serving(most_queued=1, workers=0) as served:
        served.submit()
        answer = served.http.post("/api/v1/jobs", json={"truth": "hello-convergence"})
        assert (503, "QUEUE_FULL", "2") == (answer.status_code, answer.json()["code"], answer.headers["retry-after"])


def test_a_run_that_is_being_driven_is_busy_for_others(served: Any):
    """409 with when to try again: somebody at the machine drives it just now."""
    job = served.submit("vendor-selection")
    served.rested(job)
    yes = {"decision": "approved", "reason": "ok", "by": "mona"}
    with served.service.setting.services.experience.driving(job):
        answer = served.http.post(f"/api/v1/jobs/{job}/approvals/vendor_commitment", json=yes)
    assert (409, "RUN_BUSY", "1") == (answer.status_code, answer.json()["code"], answer.headers["retry-after"])


def test_who_goes_away_while_sending_is_no_fault_of_ours(served: Any):
    """Nothing is told of it, and the server goes on."""
    with socket.create_connection(("127.0.0.1", httpx2.URL(served.url).port)) as client:
        client.sendall(
            b"POST /api/v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            b"Content-Length: 1000\r\n\r\n{"
        )
        time.sleep(0.2)
    time.sleep(0.3)
    assert ([], 200) == (served.noted, served.http.get("/api/v1/jobs").status_code)


def test_a_bug_of_ours_tells_nothing_of_itself(served: Any):
    """500 with a code; where it was and of what kind is for whoever runs the server, its words for nobody."""
    served.service.setting = replace(served.service.setting, queue=None)
    answer = served.http.get("/api/v1/jobs")
    assert (500, "INTERNAL") == (answer.status_code, answer.json()["code"])
    assert "NoneType" not in answer.text
    while not served.noted:
        time.sleep(0.01)
    assert "AttributeError" in served.noted[0]


def test_no_answer_names_a_path_of_the_machine(served: Any, tmp_path: Any):
    """Neither where truths are nor where runs are kept."""
    shipped = str(served.service.setting.services.shipped)
    for path in ("/ready", "/api/v1/truths", "/api/v1/truths/vendor-selection", "/api/v1/packs/procurement", "/x"):
        assert shipped not in (text := served.http.get(path).text), path
        assert str(tmp_path) not in text


def test_no_answer_names_where_templates_lie(tmp_path: Path):
    """A folder of --templates is hidden as those of the project and of what is shipped are."""
    folder = tmp_path / "deployed"
    folder.mkdir()
    settings = Settings("memory", tmp_path / "store", None)
    setting = make_service(tmp_path / "project", settings=settings, templates=(folder,))
    service = Service(setting, "test", workers=1, self_test=list, note=lambda _: None)
    told = http_door(make_door(service, lambda *_: LOCAL)).reply({"file": str(folder / "note" / "truth.yaml")})
    assert b'{"file":"note/truth.yaml"}' == told.body


def test_readiness_tells_what_is_wrong(serving: Any):
    """No worker, and a store that can't be written: 503 names both, and health still answers."""
    with serving(workers=0) as served:
        folder = served.service.setting.services.experience.file._folder
        folder.parent.mkdir(exist_ok=True)
        folder.write_text("a file is where the folder should be")
        answer = served.http.get("/ready")
        wrong = {check["name"] for check in answer.json()["checks"] if not check["ok"]}
        assert (503, {"store", "workers"}) == (answer.status_code, wrong & {"store", "workers"})
        assert str(folder) not in answer.text
        assert 200 == served.http.get("/health").status_code


def test_a_header_with_a_line_break_is_none(served: Any):
    """What would be written into logs or answers as two lines does not get here."""
    with pytest.raises(httpx2.LocalProtocolError):
        served.http.get("/api/v1/jobs", headers={"Idempotency-Key": "a\r\nb: c"})
    for key in (b"a\xe4", b"x" * 256):
        answer = served.http.post("/api/v1/jobs", json={"truth": "hello-convergence"}, headers={"Idempotency-Key": key})
        assert (422, "REQUEST_INVALID") == (answer.status_code, answer.json()["code"])


def test_a_service_signs_for_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Whatever keys lie on its machine: they are those of whoever runs it."""
    monkeypatch.setenv("CONVERGE_IDENTITY_PATH", str(tmp_path / "identities"))
    settings = replace(load_settings(tmp_path), storage_path=tmp_path / "store")
    new_identity(settings.identities, "mona")
    assert ["mona"] == [item.name for item in identities(settings.identities)]
    assert [] == identities(make_service(tmp_path, settings=settings).services.identities)
