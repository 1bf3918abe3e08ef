"""All that is seen of one server, put together once when it starts."""

import logging
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
    if spans is None:
        return Telemetry(log, metrics, Observers((metrics, log), log.note))
    _pass_on("opentelemetry", log)
    # The log is closed last: what can't be sent is told in it.
    return Telemetry(log, metrics, Observers((metrics, spans, log), log.note))


class _Passed(logging.Handler):
    """What a library logs, as notes of our log: in its form, and on one line."""

    def __init__(self, log: Log) -> None:
        super().__init__(logging.WARNING)
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        self._log.note(record.getMessage())


def _pass_on(name: str, log: Log) -> None:
    logger = logging.getLogger(name)
    logger.handlers = [_Passed(log)]
    logger.propagate = False
