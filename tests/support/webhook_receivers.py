"""A receiver of webhooks: an HTTPS server of its own, whose answers a test chooses."""

from __future__ import annotations

import ssl
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    import trustme


class Received(NamedTuple):
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    #: Called before the answer is sent.
    first: Callable[[], object] = lambda: None


class Receiver:
    """Answers a path with what `answers` has for it, else 200."""

    def __init__(self, authority: trustme.CA, *names: str) -> None:
        self.answers: dict[str, Answer] = {}
        self.received: list[Received] = []
        self.busiest = self._now = 0
        self._changed = threading.Condition()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                answer = receiver.enter(Received(self.path, headers, body))
                try:
                    answer.first()
                finally:
                    receiver.leave()
                try:
                    self.send_response(answer.status)
                    for name, value in answer.headers.items():
                        self.send_header(name, value)
                    self.send_header("content-length", str(len(answer.body)))
                    self.end_headers()
                    self.wfile.write(answer.body)
                except OSError:  # the sender has gone
                    self.close_connection = True

            def log_message(self, *_: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_: object) -> None:
                pass

        self._server = Server(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(*(names or ("localhost",))).configure_cert(context)
        self._server.socket = context.wrap_socket(
            self._server.socket, server_side=True, do_handshake_on_connect=False
        )
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    def enter(self, received: Received) -> Answer:
        with self._changed:
            self.received.append(received)
            self._now += 1
            self.busiest = max(self.busiest, self._now)
            self._changed.notify_all()
        return self.answers.get(received.path, Answer())

    def leave(self) -> None:
        with self._changed:
            self._now -= 1

    def wait_for(self, number: int, seconds: float = 20.0) -> list[Received]:
        """The first so many that came."""
        with self._changed:
            came = self._changed.wait_for(lambda: len(self.received) >= number, seconds)
            assert came, f"{len(self.received)} of {number} webhooks came in {seconds} s"
            return self.received[:number]

    def url(self, path: str = "/hook", host: str = "localhost") -> str:
        return f"https://{host}:{self.port}{path}"

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
