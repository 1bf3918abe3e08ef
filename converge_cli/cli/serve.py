"""`converge serve`."""

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from converge_cli import __version__
from converge_cli.cli import options
from converge_cli.cli.output import Answer, UsageError, answering

if TYPE_CHECKING:
    from collections.abc import Callable

    from converge_cli.app.jobs.job_setting import JobSetting
    from converge_cli.app.jobs.workers import Ears, Workers
    from converge_cli.server.door import Door
    from converge_cli.server.serving import Listening
    from converge_cli.server.telemetry.telemetry import Telemetry
    from converge_cli.settings import Settings

app = options.app()

_WORKERS = 2


class _Places(NamedTuple):
    """Where to listen, where jobs are kept, whose truths are served, and which web pages may call; as was typed."""

    host: str
    port: int
    grpc_port: int | None
    storage: Path | None
    templates: tuple[Path, ...]
    origins: tuple[str, ...]


class _Drivers(NamedTuple):
    """How jobs are driven: so many at once by each process; in this one where there are no others."""

    workers: int
    processes: int


@app.command()
def serve(
    host: Annotated[str, typer.Option(metavar="HOST", help="Where to listen.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(metavar="N", min=0, max=65535, help="The port of HTTP; 0 takes a free one.")
    ] = 8080,
    grpc_port: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=0,
            max=65535,
            help="The port of gRPC; 0 takes a free one.",
            show_default="50051, or a free one beside --port 0",
        ),
    ] = None,
    workers: Annotated[
        int, typer.Option(metavar="N", min=1, max=256, help="Jobs driven at once by each process.")
    ] = _WORKERS,
    processes: Annotated[
        int,
        typer.Option(
            metavar="N",
            min=0,
            max=64,
            help="Drive jobs in so many processes of their own, each on a core of its own; 0: in the one that answers.",
        ),
    ] = 0,
    storage: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where jobs and runs are kept, instead of where settings say.")
    ] = None,
    templates: Annotated[
        list[Path] | None,
        typer.Option(metavar="DIR", help="Serve the truths of this folder, too, as they come and go. Repeatable."),
    ] = None,
    origins: Annotated[
        list[str] | None,
        typer.Option("--cors-origin", metavar="URL", help="Let pages of this origin call from a browser. Repeatable."),
    ] = None,
    tls_cert: Annotated[Path | None, typer.Option(metavar="FILE", help="The server's certificate, PEM.")] = None,
    tls_key: Annotated[Path | None, typer.Option(metavar="FILE", help="Its key, PEM.")] = None,
    tls_ca: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Who may call: certificates signed by these, PEM.")
    ] = None,
    insecure_local: Annotated[
        bool, typer.Option("--insecure-local", help="Ask nobody who they are; only where this machine alone can call.")
    ] = False,
    as_json: options.Json = False,
) -> None:
    """Serve the truths of this folder to programs: submit jobs, follow them, decide, fetch the proof.

    HTTP with JSON and server-sent events; GET /api-docs/openapi.json describes it. gRPC: converge.v1. SIGTERM or
    Ctrl-C stops: each job finishes its cycle, is recorded, and goes on at the next start. A second one stops at once.
    """
    places = _Places(host, port, grpc_port, storage, tuple(templates or ()), tuple(origins or ()))
    tls = (tls_cert, tls_key, tls_ca)
    answering(
        "serve",
        lambda: _serve(places, tls, _Drivers(workers, processes), insecure_local=insecure_local),
        as_json=as_json,
    )


def _serve(
    places: _Places, tls: tuple[Path | None, Path | None, Path | None], drivers: _Drivers, *, insecure_local: bool
) -> Answer:
    from converge_cli.bootstrap import make_service  # noqa: PLC0415
    from converge_cli.server.serving import listen, url_of  # noqa: PLC0415  when the words are right
    from converge_cli.server.serving import serve as serve_until_told  # noqa: PLC0415
    from converge_cli.server.telemetry.telemetry import make_telemetry  # noqa: PLC0415
    from converge_cli.settings import load_log_settings, load_settings  # noqa: PLC0415

    listening = _listening(places, tls)
    _check_access(listening, insecure_local=insecure_local)
    settings, logged = load_settings(Path.cwd()), load_log_settings()
    if places.storage is not None:
        settings = replace(settings, storage_path=Path.cwd() / places.storage)
    _check_drivers(drivers, settings)
    with listen(listening) as bound:
        url, telemetry = url_of(listening, bound), make_telemetry(logged, os.environ)
        appending = telemetry.metrics.appending
        setting = make_service(Path.cwd(), settings=settings, templates=places.templates, appending=appending)
        made = _Made(setting, settings, places.templates, telemetry)
        door = _door(made, url, drivers, insecure_local=insecure_local)
        urls = {"url": url}

        def ready(grpc: str) -> None:
            urls["grpc"] = grpc
            if logged.form != "json":
                _say(_banner(door, url, grpc))
            telemetry.log.tell("started", **urls, **drivers._asdict(), version=__version__)

        backend = settings.storage_backend
        drained = serve_until_told(door, listening, bound, ready, storage=backend, local=insecure_local)
    door.service.setting.services.experience.close()
    telemetry.log.tell("stopped", drained=drained)
    telemetry.observer.close()
    told = "every job was left between two cycles" if drained else "some jobs go on where their last cycle ended"
    return Answer("stopped", 0, {**urls, "drained": drained}, f"converge: stopped; {told}")


def _listening(places: _Places, tls: tuple[Path | None, Path | None, Path | None]) -> "Listening":
    from converge_cli.server.listening import tls_files  # noqa: PLC0415  when the words are right
    from converge_cli.server.serving import GRPC_PORT, Listening  # noqa: PLC0415

    files = tls_files(*tls, UsageError)
    also = places.grpc_port if places.grpc_port is not None else GRPC_PORT if places.port else 0
    return Listening(places.host, places.port, also, files, places.origins)


def _check_access(listening: "Listening", *, insecure_local: bool) -> None:
    """Raises: UsageError: anybody could call."""
    from converge_cli._internal.loopback import is_loopback  # noqa: PLC0415

    if insecure_local and not is_loopback(listening.host):
        raise UsageError(
            f"--insecure-local asks nobody who they are, and {listening.host} can be reached from other machines",
            hint="leave one of --insecure-local and --host away",
            where="--insecure-local",
        )


class _Made(NamedTuple):
    """What a server is made of before it has a name."""

    setting: "JobSetting"
    settings: "Settings"
    templates: tuple[Path, ...]
    telemetry: "Telemetry"


def _check_drivers(drivers: _Drivers, settings: "Settings") -> None:
    """Raises: UsageError: the processes could not see the jobs."""
    if drivers.processes and settings.storage_backend == "memory":
        raise UsageError(
            "--processes share what is on the disk, and CONVERGE_STORAGE_BACKEND is memory",
            hint="leave --processes away, or keep jobs in sqlite",
            where="--processes",
        )


def _makes_workers(made: _Made, name: str, drivers: _Drivers) -> "Callable[[Ears], Workers] | None":
    """What makes workers in processes of their own; None where there are none."""
    if not drivers.processes:
        return None
    from converge_cli.server.workers.line import Begin  # noqa: PLC0415  most servers have no other processes
    from converge_cli.server.workers.worker_processes import WorkerProcesses  # noqa: PLC0415

    storage, templates = str(made.settings.storage_path), tuple(map(str, made.templates))
    numbers = range(1, drivers.processes + 1)
    begins = [Begin(f"{name}#{number}", storage, templates, drivers.workers) for number in numbers]
    log, metrics, _ = made.telemetry
    return lambda ears: WorkerProcesses(begins, ears, metrics.appended, log.note)


def _door(made: _Made, name: str, drivers: _Drivers, *, insecure_local: bool) -> "Door":
    from converge_cli.bootstrap import make_keys, policy_self_test  # noqa: PLC0415  when words are right
    from converge_cli.server.access import anybody, whoever_is_known  # noqa: PLC0415
    from converge_cli.server.door import make_door  # noqa: PLC0415
    from converge_cli.server.service import Service  # noqa: PLC0415
    from converge_cli.settings import load_token_settings  # noqa: PLC0415

    setting, settings, _, (log, metrics, observer) = made
    metrics.watch(setting.queue)
    service = Service(
        setting,
        name,
        workers=drivers.workers,
        self_test=policy_self_test,
        note=log.note,
        observer=observer,
        make_workers=_makes_workers(made, name, drivers),
    )
    if insecure_local:
        access = anybody()
    else:
        keys, tokens = make_keys(setting.services, settings), load_token_settings(Path.cwd())
        access = whoever_is_known(keys, tokens, log.note, tell=_say)
    return make_door(service, access.caller_of, ways=access.ways, metrics=metrics.text)


def _banner(door: "Door", url: str, grpc: str) -> str:
    services: Any = door.service.setting.services
    folders = " and ".join(str(folder) for folder in (services.folder, *services.shelf.folders))
    return "\n".join(
        [
            f"converge: listening on {url}",
            f"  serves   the truths of {folders}, and the shipped ones: {url}/api/v1/templates",
            f"  API      {url}/api-docs/openapi.json",
            f"  gRPC     {grpc}, converge.v1",
            f"  ready    {url}/ready",
            "  stop     Ctrl-C, or SIGTERM",
        ]
    )


def _say(line: str) -> None:
    import sys  # noqa: PLC0415

    from converge_cli.trace.sanitize import safe  # noqa: PLC0415

    sys.stderr.write("\n".join(safe(part) for part in line.split("\n")) + "\n")
    sys.stderr.flush()
