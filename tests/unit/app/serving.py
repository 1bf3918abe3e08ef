"""A service over a folder that a test may change, without a server."""

import asyncio
from pathlib import Path

from converge_cli.app.jobs.caller import LOCAL
from converge_cli.app.jobs.drive_job import DriveJob
from converge_cli.app.jobs.job_setting import JobSetting
from converge_cli.app.jobs.submission import Submission
from converge_cli.app.jobs.submit_job import submit_job
from converge_cli.app.templates.template_shelf import TemplateShelf
from converge_cli.bootstrap import make_service
from converge_cli.core.job_queue import QueuedJob
from converge_cli.settings import Settings

ROOT = Path(__file__).resolve().parents[3]
_LATER = "2099-01-01T00:00:00.000000Z"


def service(folder: Path, *templates: Path) -> JobSetting:
    """What a server of a folder is made of, in memory."""
    return make_service(folder, settings=Settings("memory", folder, None), templates=templates)


def shelf_of(setting: JobSetting) -> TemplateShelf:
    """Its shelf."""
    assert setting.services.shelf is not None
    return setting.services.shelf


def submit(setting: JobSetting, given: Submission | str) -> QueuedJob:
    """Submit a job; a key alone means the truth as it is."""
    return submit_job(setting, LOCAL, Submission(truth=given) if isinstance(given, str) else given)


def drive(setting: JobSetting) -> QueuedJob:
    """Let a worker take the next job, and bring it to its stop."""
    clock = setting.services.clock
    job = setting.queue.claim("worker", clock.now(), _LATER)
    assert job is not None
    loop = asyncio.new_event_loop()
    try:
        settled = DriveJob(setting, job, None, lambda _: None).run(loop)
    finally:
        loop.close()
    return setting.queue.settle(job.lease, settled, clock.now())


def drop_in(folder: Path, key: str, *, title: str = "A greeting is answered", wiring: str = "") -> Path:
    """A template of the shipped greeting under another name, that stands alone."""
    text = (ROOT / "truths" / "hello-convergence" / "truth.yaml").read_text()
    text = text.replace("key: hello-convergence", f"key: {key}\nfeatures: []").replace("A greeting is answered", title)
    file = folder / key / "truth.yaml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text.replace("guarded_by: answers_repeat_a_greeting", "deferred: later"))
    if wiring:
        (file.parent / "wiring.yaml").write_text(wiring)
    return file


def hello_pack(project: Path, version: str = "0.1.0", text: str = "Hello, world.") -> Path:
    """The shipped pack as one of a project's own, saying something else."""
    pack = project / "packs" / "hello"
    pack.mkdir(parents=True, exist_ok=True)
    for name in ("pack.yaml", "facts.py", "suggestors.py"):
        said = (ROOT / "packs" / "hello" / name).read_text()
        (pack / name).write_text(said.replace("0.1.0", version).replace("Hello, world.", text))
    return pack
