"""Where a command works: on this machine's store, or at a server. What only reads a record is the same for both."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from converge_cli.app.services import Services
from converge_cli.cli.output import UsageError

if TYPE_CHECKING:
    from converge_cli.client import Client
    from converge_cli.core.person import Person
    from converge_cli.core.port import RunRow

SERVER, KEY, PLAIN = "CONVERGE_SERVER", "CONVERGE_API_KEY", "CONVERGE_PLAIN_HTTP"
MIRRORED = "where runs are mirrored is said where the server is started"
"""Why `--ledger` makes no sense at a server."""

_PATIENCE_SECONDS = 10.0


@dataclass(frozen=True)
class Place:
    """Where runs are.

    Attributes:
        services: whose experience store holds them; of a server it is read through its routes, and nothing is written.
        client: of the server; None here.
        told: whether the server was named on the command line, so that further commands need it again.
    """

    services: Services
    client: "Client | None" = None
    told: bool = False

    def result(self, run: str) -> dict[str, Any]:
        """What a run has come to, as data. Here this needs the run's packs.

        Raises:
            ConvergeError: they are not to be had; or there is nothing recorded of it.
        """
        if self.client is not None:
            from converge_cli.cli.remote_job import result_of  # noqa: PLC0415  most commands work here

            return result_of(self.client, run)
        from converge_cli.app.open_run import open_run  # noqa: PLC0415
        from converge_cli.app.result_data import run_data  # noqa: PLC0415

        return run_data(open_run(self.services, run).engine.recorded(run))

    def people(self, row: "RunRow") -> "tuple[Person, ...]":
        """Who may decide: the people of the run's project; at a server those with whom it was driven last."""
        if self.client is None:
            from converge_cli.app.open_run import people_if_here  # noqa: PLC0415

            return people_if_here(self.services, row)
        from converge_cli.cli.remote_job import people_of  # noqa: PLC0415

        return people_of(self.services, row.run)

    def say_where(self) -> None:
        """Say that the commands which are printed next are for the server."""
        if self.client is not None and self.told:
            sys.stderr.write(f"what follows is at {self.client.url}: add --server, or set {SERVER}\n")


def place_of(word: str | None) -> Place:
    """The place that `--server` or its variable names.

    Args:
        word: what was given; "" for here, whatever the variable says.

    Raises:
        ConvergeError: a setting is wrong, or the address is none.
    """
    url = server_named(word)
    if url is None:
        from converge_cli.cli.here import services_here  # noqa: PLC0415

        return Place(services_here())
    from converge_cli.bootstrap import make_services  # noqa: PLC0415
    from converge_cli.client import Client  # noqa: PLC0415
    from converge_cli.client.experience import RemoteExperience  # noqa: PLC0415
    from converge_cli.settings import load_settings  # noqa: PLC0415

    plain = os.environ.get(PLAIN) == "allow"
    client = Client(url, os.environ.get(KEY) or None, patience=_PATIENCE_SECONDS, plain_http=plain)
    # No store is made on this machine, and nothing is mirrored from it.
    settings = replace(load_settings(Path.cwd()), storage_backend="memory", ledger=None)
    services = replace(make_services(Path.cwd(), settings=settings), experience=RemoteExperience(client))
    return Place(services, client, told=bool(word))


def server_named(word: str | None) -> str | None:
    """The server that is meant; None for this machine."""
    return (os.environ.get(SERVER) if word is None else word) or None


def refuse_remotely(word: str | None, given: Mapping[str, tuple[Any, str]]) -> None:
    """Refuse options that make no sense at a server.

    Args:
        word: of `--server`.
        given: option -> (its value, why).

    Raises:
        UsageError: one of them was given; says why not.
    """
    if server_named(word) is None:
        return
    for option, (value, why) in given.items():
        if value:
            raise UsageError(f"{option} and --server exclude each other: {why}", hint="leave one away", where=option)
