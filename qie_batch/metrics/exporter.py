"""The registry of a process, and the server from which Prometheus reads it."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from prometheus_client import (
    CollectorRegistry,
    Info,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
    start_http_server,
)

from qie_batch import __version__

if TYPE_CHECKING:
    from wsgiref.simple_server import WSGIServer

log = logging.getLogger(__name__)

#: How many different values a label takes whose values others choose.
MOST_VALUES = 100
#: What the values beyond them are counted as.
OTHER = "other"


class Bounded:
    """The first MOST_VALUES values of a label, and OTHER for all that come later."""

    def __init__(self, most: int = MOST_VALUES) -> None:
        self._most = most
        self._known: set[str] = set()
        self._lock = threading.Lock()

    def __call__(self, value: str) -> str:
        if value in self._known:
            return value
        with self._lock:
            if len(self._known) >= self._most:
                return OTHER
            self._known.add(value)
        return value


def new_registry() -> CollectorRegistry:
    """With the process itself (memory, CPU, open files) and the version."""
    # A second series for each counter, of no use here.
    disable_created_metrics()  # type: ignore[no-untyped-call]
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    Info("qie_build", "The version of qie-batch", registry=registry).info({"version": __version__})
    return registry


def expose(registry: CollectorRegistry, address: str) -> WSGIServer | None:
    """Serve the registry at HOST:PORT from a thread that ends with the process; nothing for the address "".

    A port that is taken is a warning: what the process is for does not depend on it.
    """
    if not address:
        return None
    host, _, port = address.rpartition(":")
    try:
        server, _ = start_http_server(int(port), addr=host.strip("[]"), registry=registry)
    except OSError as error:
        log.warning(
            "no metrics of this process: %s cannot be listened at (%s): set QIE_METRICS_ADDRESS to a free"
            " port",
            address,
            error.strerror or error,
        )
        return None
    return server


def neighbour(address: str, distance: int) -> str:
    """The address `distance` ports above; "" for ""."""
    host, _, port = address.rpartition(":")
    return f"{host}:{int(port) + distance}" if port else ""
