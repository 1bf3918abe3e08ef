"""`converge serve` that asks who calls, as people start it: the first key, keys of others, tokens, what is refused."""

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import jwt
import pytest

SECRET = "0123456789abcdef0123456789ABCDEF"  # noqa: S105  of these tests alone


class Server:
    """A server in a process of its own; `told` is what it says until it listens."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self.told = ""
        assert process.stderr is not None
        for line in process.stderr:
            self.told += line.decode()
            if "listening on" in self.told:
                break
        assert "listening on" in self.told, (self.told, process.wait())
        self.url = self.told.split()[-1]

    def status(self, secret: str | None = None, path: str = "/api/v1/jobs") -> int:
        """What a caller is answered."""
        headers = {} if secret is None else {"Authorization": f"Bearer {secret}"}
        return int(httpx2.get(f"{self.url}{path}", headers=headers, timeout=20).status_code)

    def stop(self) -> str:
        """The rest of what it told."""
        self.process.terminate()
        _, err = self.process.communicate(timeout=30)
        return str(err.decode())


@pytest.fixture
def start(converge: Any) -> Iterator[Callable[..., Server]]:
    """Starts servers; those that still run at the end are killed."""
    started: list[Server] = []

    def serve(**env: str) -> Server:
        converge.env.update(env)
        started.append(Server(converge.start("serve", "--port", "0")))
        return started[-1]

    yield serve
    for server in started:
        if server.process.poll() is None:
            server.process.kill()
            server.process.communicate()


def test_the_first_start_tells_the_first_key_and_no_other_start_does(start: Any, converge: Any) -> None:
    """On stderr, once; keys that are made while it runs open it at once, and no secret is told again."""
    server = start()
    first = server.told.split("CONVERGE_API_KEY=")[1].split("\n")[0]
    assert [200, 200, 401] == [server.status(first), server.status(first, "/metrics"), server.status()]
    made = converge("keys", "new", "--person", "mona", "--role", "decide", "--json").data
    assert [200, 403] == [server.status(made["secret"]), server.status(made["secret"], "/metrics")]
    converge("keys", "revoke", made["id"])
    assert 401 == server.status(made["secret"])
    rest = server.stop()
    assert f"key {made['id']} of mona is revoked" in rest
    assert made["secret"] not in rest
    assert first not in rest
    again = start()
    assert ("CONVERGE_API_KEY" in again.told, again.status(first)) == (False, 200)
    assert ["operator", "mona"] == [row["person"] for row in converge("keys", "list", "--json").data["keys"]]


def test_a_server_takes_the_tokens_of_its_settings(start: Any, tmp_path: Path) -> None:
    """Then no first key is made."""
    (tmp_path / "secret").write_text(SECRET)
    server = start(
        CONVERGE_JWT_ALGORITHM="HS256",
        CONVERGE_JWT_KEY=str(tmp_path / "secret"),
        CONVERGE_JWT_AUDIENCE="converge",
        CONVERGE_JWT_ISSUER="me",
    )
    assert "CONVERGE_API_KEY" not in server.told
    claims = {"sub": "mona", "aud": "converge", "iss": "me", "exp": 1 << 35, "scope": "converge:read"}
    good, late = (jwt.encode(claims | more, SECRET, "HS256") for more in ({}, {"exp": 1}))
    assert [200, 401] == [server.status(good), server.status(late)]
    assert "the token has expired" in server.stop()


def test_settings_of_tokens_that_can_not_be_meant_are_told_before_anything_is_served(converge: Any) -> None:
    """With the variable at fault."""
    ran = converge("serve", "--port", "0", "--json", env={"CONVERGE_JWT_ALGORITHM": "none"})
    assert (1, "SETTING_INVALID", "CONVERGE_JWT_KEY") == (ran.code, ran.error["code"], ran.error["where"])
    ran = converge("serve", "--host", "0.0.0.0", "--insecure-local")  # noqa: S104  it is refused
    assert (2, True) == (ran.code, "asks nobody who they are" in ran.err)
