"""docs/deploy: the Dockerfile's steps are run without a Docker engine, and the other files say what they must.

What only a distribution can do (apt-get, useradd) is not run, and named here, so that nothing else slips by.
"""

import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from converge_cli.server.serving import GRACE_SECONDS
from converge_cli.settings import load_settings

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "docs" / "deploy"
NOBODY = 65534
SKIPPED = {"apt-get", "useradd", "rm"}
"""Programs of the Dockerfile that only make sense in an image."""
UID = "10001"


class Instruction(NamedTuple):
    """A line of a Dockerfile, with what goes on on the next ones."""

    name: str
    words: str


def instructions() -> list[Instruction]:
    """Those of our Dockerfile."""
    text = re.sub(r"^\s*#.*\n", "", (DEPLOY / "Dockerfile").read_text(), flags=re.MULTILINE).replace("\\\n", " ")
    return [Instruction(*line.split(maxsplit=1)) for line in text.splitlines() if line.strip()]


def words_of(name: str) -> list[str]:
    """What each instruction of a name says."""
    return [item.words for item in instructions() if item.name == name]


class Image:
    """What the Dockerfile makes, in a folder of its own."""

    def __init__(self, root: Path) -> None:
        self.root = root
        with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as other:
            self.ports = {"8080": str(one.getsockname()[1]), "50051": str(other.getsockname()[1])}
        environment = dict(word.split("=", 1) for line in words_of("ENV") for word in shlex.split(line))
        environment["PATH"] = environment["PATH"].replace("$PATH", os.environ["PATH"])
        self.environment = {name: self.here(value) for name, value in environment.items()}
        self.skipped: set[str] = set()

    def here(self, text: str) -> str:
        """Paths of the image as they are here."""
        text = text.replace("/usr/src/converge", str(ROOT)).replace("[otel]", "")
        for path in ("/opt/converge", "/var/lib/converge", "/srv/converge"):
            text = text.replace(path, f"{self.root}{path}")
        return text

    def build(self) -> None:
        """Every RUN that can be run, and WORKDIR."""
        for item in instructions():
            if item.name == "WORKDIR":
                Path(self.here(item.words)).mkdir(parents=True)
            for command in item.words.split("&&") if item.name == "RUN" else ():
                words = shlex.split(command)
                if words[0] in SKIPPED:
                    self.skipped.add(words[0])
                    continue
                self._run([self.here(word) for word in words])

    def _run(self, words: list[str]) -> None:
        if words[0] == "install":
            words = [str(NOBODY) if word == "converge" else word for word in words]
            words = words if os.geteuid() == 0 else [words[0], "-d", "-m", "0700", words[-1]]
            Path(words[-1]).parent.mkdir(parents=True)
        words = [sys.executable if word == "python3" else word for word in words]
        # What it needs is taken from here rather than fetched again; itself it is built and installed as written.
        words = [*words, "--no-deps"] if words[0].endswith("/pip") else words
        done = subprocess.run(words, capture_output=True, text=True, timeout=300, check=False)
        assert 0 == done.returncode, (words, done.stderr)
        if words[1:3] == ["-m", "venv"]:
            self._furnish(Path(words[-1]))

    @staticmethod
    def _furnish(venv: Path) -> None:
        """The libraries of this environment, without Converge."""
        into = next(venv.glob("lib/python3*/site-packages"))
        # Their bytecode comes along, as an installer makes it; what is being written has another name than that.
        leave = shutil.ignore_patterns("converge_cli*", "_editable*", "*.pth", "pip*", "setuptools*", "*.pyc.*")
        shutil.copytree(sysconfig.get_path("purelib"), into, ignore=leave, copy_function=link, dirs_exist_ok=True)

    def start(self) -> subprocess.Popen[bytes]:
        """CMD, as a user who may do nothing."""
        [command] = [json.loads(words) for words in words_of("CMD")]
        return subprocess.Popen(
            [*as_nobody(), *(self.ports.get(word, word) for word in command)],
            cwd=self.here(words_of("WORKDIR")[0]),
            env={**self.environment, "HOME": self.environment["CONVERGE_STORAGE_PATH"]},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )

    def healthy(self) -> bool:
        """HEALTHCHECK."""
        [words] = words_of("HEALTHCHECK")
        command = json.loads(words.partition("CMD ")[2])
        told = [re.sub("8080", self.ports["8080"], word) for word in command]
        done = subprocess.run([*as_nobody(), *told], env=self.environment, capture_output=True, timeout=30, check=False)
        return done.returncode == 0


def as_nobody() -> list[str]:
    """What a command is run with so that it has no rights; nothing for who has none anyway."""
    if os.geteuid() != 0:
        return []
    return ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--no-new-privs"]


def link(source: str, target: str) -> None:
    """A copy that takes no room where that can be."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


@pytest.fixture
def image() -> Iterator[Image]:
    """Built where a user without rights can get at it."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        made = Image(Path(folder))
        made.build()
        yield made


@pytest.mark.timeout(400)
def test_the_dockerfiles_steps_make_a_server_that_is_healthy_and_ends_in_time(image: Image):
    """As a user without rights, in a folder that it can't write, with one that it can."""
    assert SKIPPED == image.skipped
    assert not image.healthy()
    process = image.start()
    try:
        until = time.monotonic() + 60
        while not image.healthy():
            assert process.poll() is None, process.communicate()[1]
            assert time.monotonic() < until
            time.sleep(0.2)
        began = time.monotonic()
        process.send_signal(getattr(signal, words_of("STOPSIGNAL")[0]))
        _, err = process.communicate(timeout=30)
    finally:
        process.kill()
    assert (0, True) == (process.returncode, time.monotonic() - began < 10)
    assert not image.healthy()
    kept = Path(image.environment["CONVERGE_STORAGE_PATH"])
    assert (kept / "experience.db").is_file()
    assert 0 == kept.stat().st_mode & 0o077
    told = [json.loads(line) for line in err.decode().splitlines() if line.startswith("{")]
    assert ["started", "stopped"] == [line["event"] for line in told if line["event"] in {"started", "stopped"}]


def test_the_image_has_no_secret_no_root_and_one_volume():
    """By what the Dockerfile says."""
    named = " ".join([*words_of("ENV"), *words_of("ARG")]).upper()
    assert [] == re.findall(r"KEY|SECRET|TOKEN|PASSWORD", named)
    assert (["converge"], ["/var/lib/converge"]) == (words_of("USER"), words_of("VOLUME"))
    assert re.fullmatch(r"debian:\w+-slim", words_of("FROM")[0])
    assert f"--uid {UID} " in " ".join(words_of("RUN"))
    assert ["8080 50051"] == words_of("EXPOSE")


def test_compose_builds_that_image_and_keeps_the_store_in_a_volume():
    """By the words of the compose specification; nothing but the volume and /tmp can be written."""
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    assert {"services", "volumes"} == set(compose)
    known = {"build", "image", "restart", "read_only", "cap_drop", "security_opt", "stop_grace_period", "tmpfs",
             "environment", "ports", "volumes", "profiles", "command", "healthcheck"}  # fmt: skip
    for name, service in compose["services"].items():
        assert set() == set(service) - known, name
        assert (True, ["ALL"]) == (service["read_only"], service["cap_drop"])
        [(volume, place)] = [item.split(":") for item in service["volumes"]]
        assert (True, words_of("VOLUME")) == (volume in compose["volumes"], [place])
    server = compose["services"]["converge"]
    built = (DEPLOY / server["build"]["context"]).resolve()
    assert (ROOT, True) == (built, (built / server["build"]["dockerfile"]).is_file())
    assert int(server["stop_grace_period"].rstrip("s")) > GRACE_SECONDS + 1
    assert {"8080", "50051"} == {item.rpartition(":")[2] for item in server["ports"]}
    assert all(item.startswith("127.0.0.1:") for item in server["ports"])
    load_settings(ROOT, {"CONVERGE_LEDGER": "grpc://ledger:50052"})


def test_the_ledger_of_compose_starts_as_it_is_written(converge: Any):
    """With another port."""
    command = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]["ledger"]["command"]
    words = [word.replace("0.0.0.0:50052", "127.0.0.1:0").replace("/var/lib/converge", ".") for word in command[1:]]
    process = converge.start(*words)
    assert b"grpc://127.0.0.1:" in process.stderr.readline()
    process.terminate()
    process.communicate(timeout=30)


def test_kubernetes_probes_ask_what_is_served_and_pods_end_in_time():
    """Names, ports and users agree with one another and with the image."""
    claim, deployment, service = yaml.safe_load_all((DEPLOY / "kubernetes.yaml").read_text())
    kinds = [item["kind"] for item in (claim, deployment, service)]
    assert ["PersistentVolumeClaim", "Deployment", "Service"] == kinds
    assert (1, "Recreate") == (deployment["spec"]["replicas"], deployment["spec"]["strategy"]["type"])
    pod = deployment["spec"]["template"]["spec"]
    [container] = pod["containers"]
    assert ("/health", "/health", "/ready") == tuple(
        container[probe]["httpGet"]["path"] for probe in ("startupProbe", "livenessProbe", "readinessProbe")
    )
    ports = {item["name"]: str(item["containerPort"]) for item in container["ports"]}
    assert words_of("EXPOSE")[0].split() == list(ports.values())
    assert list(ports) == [item["targetPort"] for item in service["spec"]["ports"]]
    assert service["spec"]["selector"] == deployment["spec"]["selector"]["matchLabels"]
    assert service["spec"]["selector"] == deployment["spec"]["template"]["metadata"]["labels"]
    assert pod["terminationGracePeriodSeconds"] > GRACE_SECONDS + 1
    assert (UID, True) == (str(pod["securityContext"]["runAsUser"]), pod["securityContext"]["runAsNonRoot"])
    assert (True, False) == (
        container["securityContext"]["readOnlyRootFilesystem"],
        container["securityContext"]["allowPrivilegeEscalation"],
    )
    volumes = {item["name"]: item for item in pod["volumes"]}
    assert set(volumes) == {item["name"] for item in container["volumeMounts"]}
    assert claim["metadata"]["name"] == volumes["store"]["persistentVolumeClaim"]["claimName"]
    assert words_of("VOLUME") == [item["mountPath"] for item in container["volumeMounts"] if item["name"] == "store"]


def test_the_systemd_unit_is_one(tmp_path: Path):
    """By systemd itself where it is there."""
    unit = (DEPLOY / "converge.service").read_text()
    assert int(re.findall(r"^TimeoutStopSec=(\d+)", unit, re.MULTILINE)[0]) > GRACE_SECONDS + 1
    said = {"DynamicUser=yes", "NoNewPrivileges=yes", "ProtectSystem=strict", "KillSignal=SIGTERM"}
    assert said < set(unit.split("\n"))
    if shutil.which("systemd-analyze") is None:
        return
    file = tmp_path / "converge.service"
    file.write_text(unit.replace("/opt/converge/bin/converge", str(Path(sys.executable).with_name("converge"))))
    done = subprocess.run(["systemd-analyze", "verify", file], capture_output=True, text=True, timeout=60, check=False)
    assert [] == [line for line in done.stderr.splitlines() if "converge.service" in line]
