"""All that is seen of one server, put together once when it starts."""

from collections.abc import Mapping
from typing import NamedTuple

from converge_cli.server.telemetry.log import Log
from converge_cli.server.telemetry.metrics import Metrics
from converge_cli.server.telemetry.observer import Observer, Observers
from converge_cli.server.telemetry.spans import make_spans
from converge_cli.settings import LogSettings


class Telemetry(NamedTuple):
    """What sees a server.

    Attributes:
        log: takes what has to be said in words.
        metrics: tells what was counted.
        observer: is told everything, for all of them.
    """

    log: Log
    metrics: Metrics
    observer: Observer


def make_telemetry(settings: LogSettings, environment: Mapping[str, str]) -> Telemetry:
    """A log, metrics, and traces where the environment asks for them.

    Raises:
        OtelMissingError, InvalidSettingError: see `make_spans`.
    """
    spans = make_spans(environment)
    log, metrics = Log(settings), Metrics()
    observers = [metrics, log] if spans is None else [metrics, log, spans]
    return Telemetry(log, metrics, Observers(observers, log.note))
