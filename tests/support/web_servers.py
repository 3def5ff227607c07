"""A web server on this machine, and an internet of our own in which public names and addresses lead to it."""

from __future__ import annotations

import socket
import socketserver
import ssl
import threading
from collections import Counter
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import httpcore2

from qie_batch.images import Limits
from qie_batch.web.fetch import Timeouts, WebFetcher
from qie_batch.web.hosts import HostPolicy, ImageHosts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

#: A public address that stands for the server, and one at which nothing answers.
PUBLIC, DEAD = "93.184.215.14", "93.184.215.99"
#: Seconds; short, so that a silent server costs a test little.
TIMEOUTS = Timeouts(image=0.6, silence=0.3, retry=0.0)


def answer(body: bytes = b"", status: str = "200 OK", **headers: object) -> bytes:
    """The bytes of an answer; a header's underscores are dashes, and None leaves a header out."""
    lines = {"content_length": len(body), "content_type": "image/png", **headers}
    head = [f"{name.replace('_', '-')}: {value}" for name, value in lines.items() if value is not None]
    return "\r\n".join((f"HTTP/1.1 {status}", *head, "", "")).encode() + body


class WebServer:
    """Answers a path with bytes, or as a function of the connection and the request's headers does."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self.answers: dict[str, bytes | Callable[[socket.socket, dict[str, str]], object]] = {}
        #: Path and headers of each request.
        self.requests: list[tuple[str, dict[str, str]]] = []
        self.connections = 0
        self.busiest = self._now = 0
        self._lock = threading.Lock()
        web = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                web.connections += 1
                with suppress(OSError, ValueError):
                    if context:
                        self.request.settimeout(2)
                        self.request = context.wrap_socket(self.request, server_side=True)
                        self.rfile = self.request.makefile("rb")
                    while web.serve(self.request, self.rfile):
                        pass

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = True
            request_queue_size = 64

        self._server = Server(("127.0.0.1", 0), Handler)
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def serve(self, connection: socket.socket, lines: object) -> bool:
        """One request; False when the connection is over."""
        first = lines.readline().decode()
        if not first:
            return False
        headers = {}
        while line := lines.readline().decode().rstrip("\r\n"):
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        path = first.split()[1]
        with self._lock:
            self.requests.append((path, headers))
            self._now += 1
            self.busiest = max(self.busiest, self._now)
        try:
            found = self.answers.get(path, answer(b"", "404 Not Found"))
            if callable(found):
                return bool(found(connection, headers))
            connection.sendall(found)
        finally:
            with self._lock:
                self._now -= 1
        return True

    def paths(self) -> list[str]:
        return [path for path, _ in self.requests]


class Internet(httpcore2.NetworkBackend):
    """Resolves by a table whose lists are answers, the first first; counts every connection that is tried."""

    def __init__(self, server: WebServer) -> None:
        self.names: dict[str, list[list[str]]] = {}
        self.asked: Counter[str] = Counter()
        self.tried: list[tuple[str, int]] = []
        self._server = server
        self._sockets = httpcore2.SyncBackend()

    def resolve(self, host: str, port: int) -> list[str]:
        assert port
        self.asked[host] += 1
        answers = self.names.get(host)
        if answers is None:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return answers[min(self.asked[host], len(answers)) - 1]

    def connect_tcp(self, host, port, timeout=None, local_address=None, socket_options=None):
        self.tried.append((host, port))
        if host == DEAD:
            raise httpcore2.ConnectError("Connection refused")
        return self._sockets.connect_tcp(
            "127.0.0.1", self._server.port, timeout, local_address, socket_options
        )


@contextmanager
def fetcher(
    internet: Internet,
    *hosts: str,
    listed_only: bool = False,
    plain_http: bool = False,
    context: ssl.SSLContext | None = None,
    timeouts: Timeouts = TIMEOUTS,
    max_bytes: int = 1_000_000,
) -> Iterator[WebFetcher]:
    policy = HostPolicy(hosts=ImageHosts.parse(hosts), listed_only=listed_only, plain_http=plain_http)
    web = WebFetcher(
        policy,
        Limits(max_bytes=max_bytes),
        timeouts=timeouts,
        resolve=internet.resolve,
        network=internet,
        context=context or ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
    )
    try:
        yield web
    finally:
        web.close()
