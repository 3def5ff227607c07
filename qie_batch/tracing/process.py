"""Recording of one process: from its start until what is left has been sent."""

from __future__ import annotations

import atexit
import logging
import os
import threading
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from opentelemetry import trace

if TYPE_CHECKING:
    from collections.abc import Callable

log = logging.getLogger(__name__)

#: The variables by which OpenTelemetry's exporters are told where the collector is, the first that is set.
ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
#: Seconds that the end of a process waits for the collector.
END_SECONDS = 1.0


class _Ending:
    """Sends what is left from a thread that is there from the start: a process that ends can start none."""

    def __init__(self, send: Callable[[], None]) -> None:
        self._send = send
        self._asked, self._over = threading.Event(), threading.Event()
        threading.Thread(target=self._run, name="tracing-end", daemon=True).start()

    def _run(self) -> None:
        self._asked.wait()
        self._send()
        self._over.set()

    def wait(self, seconds: float) -> None:
        self._asked.set()
        self._over.wait(seconds)


_endings: list[_Ending] = []


def start(service: str) -> None:
    """Record spans in this process, under this `service.name`, where the environment asks for that.

    The collector is asked from a thread; while it is away spans are dropped, and nothing waits. What is wrong
    with the variables is a warning.
    """
    variable = next((name for name in ENDPOINTS if os.environ.get(name)), "")
    if not variable:
        return
    try:
        if urlsplit(os.environ[variable]).scheme not in {"http", "https"}:
            log.warning("no traces: %s must begin with http:// or https://", variable)
            return
        from qie_batch.tracing.exporting import new_provider  # noqa: PLC0415 - of the extra

        provider = new_provider(service, variable)
    except ImportError as error:
        log.warning("no traces, though %s is set: install the extra [tracing] (%s)", variable, error)
        return
    except (ValueError, OSError) as error:
        log.warning("no traces: a variable OTEL_* cannot be used: %s", error)
        return
    trace.set_tracer_provider(provider)
    _endings.append(_Ending(provider.shutdown))
    atexit.register(finish)


def finish() -> None:
    """Send what is left, within a second; spans that end later are dropped.

    It is called at exit. What ends a process in another way calls it before: `os._exit` runs no functions at
    exit, nor does uvicorn, which ends its process by the signal that it got.
    """
    for ending in _endings:
        ending.wait(END_SECONDS)
