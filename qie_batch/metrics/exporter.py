"""The registry of a process, and the server from which Prometheus reads it."""

from __future__ import annotations

import logging
import re
import socket
import threading
from socketserver import TCPServer
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler

from prometheus_client import (
    CollectorRegistry,
    Info,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
    make_wsgi_app,
)
from prometheus_client.exposition import ThreadingWSGIServer

from qie_batch import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    #: By path: each says what is wrong, or "".
    Probes = Mapping[str, Callable[[], str]]

log = logging.getLogger(__name__)

NO_PROBES: Probes = MappingProxyType({})

#: How many different values a label takes whose values others choose.
MOST_VALUES = 100
#: What the values beyond them are counted as, and those that are no names.
OTHER = "other"
_NAME = re.compile(r"[\w.:/-]{0,64}", re.ASCII)

#: Connections that are served at one time; further ones are closed at once.
MOST_CLIENTS = 8
#: Seconds for which a client may be silent.
CLIENT_SECONDS = 5.0
#: Seconds between two attempts to listen at an address that is taken.
RETRY_SECONDS = 5.0
#: Seconds in which the server's thread sees that it is to end.
POLL_SECONDS = 0.5
_LAST_PORT = 65_535


class Bounded:
    """The first MOST_VALUES values of a label that are names, and OTHER for everything else."""

    def __init__(self, most: int = MOST_VALUES) -> None:
        self._most = most
        self._known: set[str] = set()
        self._lock = threading.Lock()

    def __call__(self, value: str) -> str:
        if value in self._known:
            return value
        # Half of a surrogate pair would break every scrape.
        if not _NAME.fullmatch(value):
            return OTHER
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


class Exporter:
    """Serves a registry, and probes, at one address from a thread that ends with the process.

    Tries again while the address is taken: the process that this one replaces may hold it until it ends.
    """

    def __init__(self, registry: CollectorRegistry, address: str, probes: Probes = NO_PROBES) -> None:
        self._app = with_probes(make_wsgi_app(registry), probes)
        self._address = address
        self._closed = threading.Event()
        self._server: _Server | None = self._try_to_listen(log.warning)
        threading.Thread(target=self._serve, name="metrics", daemon=True).start()

    def close(self) -> None:
        self._closed.set()
        if self._server:
            self._server.shutdown()
            self._server.server_close()

    def _serve(self) -> None:
        while self._server is None:
            if self._closed.wait(RETRY_SECONDS):
                return
            self._server = self._try_to_listen(log.debug)
            if self._server:
                log.info("metrics of this process are at %s now", self._address)
        self._server.serve_forever(POLL_SECONDS)

    def _try_to_listen(self, say: Callable[..., None]) -> _Server | None:
        host, _, port = self._address.rpartition(":")
        try:
            return _Server.at(host.strip("[]"), int(port), self._app)
        except OSError as error:
            say(
                "no metrics of this process until %s is free (%s): set QIE_METRICS_ADDRESS to another port if"
                " a program keeps it",
                self._address,
                error.strerror or error,
            )
        return None


def expose(registry: CollectorRegistry, address: str, probes: Probes = NO_PROBES) -> Exporter | None:
    """Serve the registry and the probes at HOST:PORT; nothing for the address "".

    An address that is taken is a warning: what the process is for does not depend on it.
    """
    return Exporter(registry, address, probes) if address else None


def with_probes(metrics: WSGIApplication, probes: Probes) -> WSGIApplication:
    """Answers 200 or 503 at the paths of the probes, and the metrics at all others."""

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        probe = probes.get(environ.get("PATH_INFO", ""))
        if probe is None:
            return metrics(environ, start_response)
        wrong = probe()
        start_response(
            "503 Service Unavailable" if wrong else "200 OK",
            [("Content-Type", "text/plain; charset=utf-8"), ("Cache-Control", "no-store")],
        )
        return [(wrong or "ok").encode()]

    return app


def neighbour(address: str, distance: int) -> str:
    """The address `distance` ports above; "" for "", and beyond the last port."""
    host, _, port = address.rpartition(":")
    if not port:
        return ""
    above = int(port) + distance
    if above > _LAST_PORT:
        log.warning("a worker process has no metrics: no port is %d above that of %s", distance, address)
        return ""
    return f"{host}:{above}"


class _Handler(WSGIRequestHandler):
    timeout = CLIENT_SECONDS

    def log_message(self, *_: object) -> None:
        """Nothing: a scrape comes every few seconds."""


class _Server(ThreadingWSGIServer):
    #: Two processes at one port would answer in turns.
    allow_reuse_port = False
    request_queue_size = 64

    @classmethod
    def at(cls, host: str, port: int, app: WSGIApplication) -> _Server:
        """Raises OSError."""
        family, *_, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        kind = type(cls.__name__, (cls,), {"address_family": family})
        server: _Server = kind(address[:2], _Handler)
        server.set_app(app)
        return server

    def __init__(self, *arguments: Any) -> None:
        self._places = threading.BoundedSemaphore(MOST_CLIENTS)
        super().__init__(*arguments)

    def server_bind(self) -> None:
        """Without asking for the name of the host, which takes seconds where no name server answers."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])
        self.setup_environ()

    def process_request(self, request: Any, client_address: Any) -> None:
        if self._places.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._places.release()

    def handle_error(self, _request: Any, client_address: Any) -> None:
        """The client was silent or went away."""
        log.debug("the scrape of %s ended early", client_address)
