"""Templates at a real server: the page in docs, step by step; dropped in, broken, without what they need."""

import re
import shlex
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "service-templates.md").read_text(encoding="utf-8")
HERE = "http://127.0.0.1:8080"


def blocks(language: str) -> list[str]:
    """The fenced blocks of the page in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def written(folder: Path) -> dict[str, str]:
    """The files of the page, each named in its first line, written below a folder."""
    texts = {text.split("\n", 1)[0].removeprefix("# "): text for text in blocks("yaml")}
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return texts


@contextmanager
def serving(converge: Any, folder: Path) -> Iterator[Callable[..., httpx2.Client]]:
    """Starts a server in a folder with words of its own; gives a client of it."""
    started = []

    def start(*words: str) -> httpx2.Client:
        process = converge.start("serve", "--port", "0", *words, cwd=folder)
        told = ""
        assert process.stderr is not None
        while (found := re.search(r"listening on (http\S+)", told)) is None:
            line = process.stderr.readline().decode()
            assert line, told
            told += line
        started.append((process, httpx2.Client(base_url=found[1], timeout=30)))
        return started[-1][1]

    yield start
    for process, client in started:
        client.close()
        process.terminate()
        process.communicate(timeout=30)


@pytest.fixture
def serve(converge: Any, tmp_path: Path) -> Iterator[Callable[..., httpx2.Client]]:
    """Starts servers in the test's folder."""
    with serving(converge, tmp_path) as start:
        yield start


@pytest.fixture(scope="module")
def bare(converge_in: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx2.Client]:
    """One server in an empty folder, for those who only ask."""
    folder = tmp_path_factory.mktemp("bare")
    with serving(converge_in(folder), folder) as start:
        yield start("--insecure-local")


def ended(server: httpx2.Client, job: str) -> Any:
    """The job, once it is at rest."""
    end = time.monotonic() + 40
    while (seen := server.get(f"/api/v1/jobs/{job}").json())["status"] in {"queued", "running"}:
        assert time.monotonic() < end, seen
        time.sleep(0.05)
    return seen


def submit(server: httpx2.Client, name: str) -> Any:
    """What a submission is answered with."""
    return server.post("/api/v1/jobs", json={"template": name})


def test_the_page_is_executed_as_it_stands(serve: Any, converge: Any, tmp_path: Path) -> None:
    """Its files are written, its commands typed, its requests sent; the job ends as the page says."""
    written(tmp_path)
    (check, start), requests = (block.strip().splitlines() for block in blocks("bash"))
    assert 0 == converge(*shlex.split(check)[1:], cwd=tmp_path).code
    server = serve(*shlex.split(start)[2:])
    answers = []
    for line in requests:
        words = shlex.split(line)[1:]
        url = words[-1].removeprefix(HERE)
        body = words[words.index("-d") + 1] if "-d" in words else None
        if body is None:
            answers.append(server.get(url))
        else:
            answers.append(server.post(url, content=body, headers={"Content-Type": "application/json"}))
    assert [200, 200, 202] == [answer.status_code for answer in answers]
    names = {row["name"]: row["from"] for row in answers[0].json()["templates"]}
    assert "templates" == names["morning"]
    listed = re.search(r"come with Converge: (.*?)\.\n", PAGE, re.DOTALL)
    assert listed is not None
    assert set(re.findall(r"`([a-z-]+)`", listed[1])) == {name for name, source in names.items() if source == "shipped"}
    told = answers[1].json()
    assert (5, True) == (told["budget"]["cycles"], told["requirements"]["met"])
    assert "CriteriaMet" == ended(server, answers[2].json()["job_id"])["outcome"]
    assert "Submission.morning" in server.get("/api-docs/openapi.json").json()["components"]["schemas"]


def test_a_template_is_dropped_in_broken_mended_and_taken_away_while_the_server_runs(
    serve: Any, tmp_path: Path
) -> None:
    """Each at the next request; the others are served all the while."""
    (tmp_path / "templates").mkdir()
    server = serve("--templates", "templates", "--insecure-local")
    assert 404 == submit(server, "morning").status_code
    texts = written(tmp_path)
    assert 202 == submit(server, "morning").status_code
    file = tmp_path / "templates" / "morning" / "truth.yaml"
    file.write_text(texts["templates/morning/truth.yaml"].replace("[hello]", "[helo]"))
    refused = submit(server, "morning")
    assert (422, "TRUTH_INVALID") == (refused.status_code, refused.json()["code"])
    assert ["unknown-pack"] == [item["name"] for item in refused.json()["findings"] if item["severity"] == "error"]
    assert str(tmp_path) not in refused.text
    rows = {row["name"]: row for row in server.get("/api/v1/templates").json()["templates"]}
    assert (True, False) == (rows["morning"]["broken"], rows["hello-convergence"]["broken"])
    assert "CriteriaMet" == ended(server, submit(server, "hello-convergence").json()["job_id"])["outcome"]
    file.write_text(texts["templates/morning/truth.yaml"])
    assert "CriteriaMet" == ended(server, submit(server, "morning").json()["job_id"])["outcome"]
    file.unlink()
    assert 404 == submit(server, "morning").status_code


def test_a_missing_backend_is_refused_at_submit_with_what_is_missing(serve: Any, tmp_path: Path) -> None:
    """By name, with a hint, and nothing is queued; the template says so before anybody tries."""
    written(tmp_path)
    wiring = tmp_path / "templates" / "morning" / "wiring.yaml"
    wiring.write_text("wiring: v1\nsuggestors: {echo: {backend: anthropic}}\n")
    server = serve("--templates", "templates", "--insecure-local")
    refused = submit(server, "morning")
    assert (422, "REQUIREMENT_MISSING") == (refused.status_code, refused.json()["code"])
    assert "suggestor echo needs backend anthropic; there is local, scripted" in refused.json()["detail"]
    assert refused.json()["hint"]
    needs = server.get("/api/v1/templates/morning").json()["requirements"]
    assert (False, 1) == (needs["met"], len(needs["missing"]))
    assert [] == server.get("/api/v1/jobs").json()["jobs"]


@pytest.mark.parametrize("name", ["..%2f..%2fetc", "%2e%2e", "morning%00", "a%5cb", "Morning", "h%C3%A9llo"])
def test_no_name_in_an_address_becomes_a_path(bare: httpx2.Client, name: str) -> None:
    """Whatever is no key is refused, and nothing of the disk is told."""
    for kind in ("templates", "truths", "packs"):
        answer = bare.get(f"/api/v1/{kind}/{name}")
        assert answer.status_code in {404, 422}
        assert "application/problem+json" == answer.headers["content-type"]


def test_a_run_here_heeds_the_same_wiring(converge: Any, tmp_path: Path) -> None:
    """`converge run` beside it, and with another file."""
    written(tmp_path)
    (tmp_path / "other.yaml").write_text("wiring: v1\nproviders: {prefer: [openai]}\n")
    truth = "templates/morning/truth.yaml"
    assert 0 == converge("run", truth, "--json", cwd=tmp_path).code
    refused = converge("run", truth, "--wiring", "other.yaml", "--json", cwd=tmp_path)
    assert (1, "REQUIREMENT_MISSING") == (refused.code, refused.error["code"])
    refused = converge("run", truth, "--budget", "cycles=6", "--json", cwd=tmp_path)
    assert (1, "BUDGET_TOO_LARGE") == (refused.code, refused.error["code"])
