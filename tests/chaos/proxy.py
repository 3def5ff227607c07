"""A faulty connection to the store: an HTTP proxy that answers 500 or 503, stalls, and resets after a put."""

from __future__ import annotations

import http.client
import random
import socket
import struct
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from typing import Self

#: Of all requests; a reset is of puts alone.
ERRORS, STALLS, RESETS = 0.20, 0.10, 0.05
STALL_SECONDS = 5.0
#: Status and body of an error: a server that fails, and AWS where it asks for fewer requests.
REFUSALS = (500, b""), (503, b"<Error><Code>SlowDown</Code><Message>Reduce</Message></Error>")
_HOP = frozenset({"connection", "expect", "keep-alive", "transfer-encoding", "content-length"})


class BadRoad:
    """Listens on 127.0.0.1 and forwards to `endpoint`; the seed decides the fault of each request."""

    def __init__(self, endpoint: str, seed: int, stall_seconds: float = STALL_SECONDS) -> None:
        self.met: Counter[str] = Counter()
        self._mended = False
        self._random = random.Random(seed)
        self._guard = threading.Lock()
        self._upstream = urlsplit(endpoint).netloc
        self._stall_seconds = stall_seconds
        road = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_one_request(self) -> None:
                self.raw_requestline = self.rfile.readline(65537)
                if not self.raw_requestline or not self.parse_request():
                    self.close_connection = True
                    return
                road.carry(self)

            def log_message(self, *_: Any) -> None:
                """Log nothing."""

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_: Any) -> None:
                """Ignore a client that disconnected because its process was killed."""

        self._server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def mend(self) -> None:
        """Forward all later requests without a fault."""
        self._mended = True

    def carry(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        fate = self._fate(handler.command)
        if fate == "error":
            status, sentence = self._random.choice(REFUSALS)
            _answer(handler, status, {}, b"" if handler.command == "HEAD" else sentence)
            return
        if fate == "stall":
            time.sleep(self._stall_seconds)
        answer, data = self._pass_on(handler, body)
        if fate == "reset":
            # Linger 0: the connection ends with a reset instead of an orderly end.
            handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            handler.close_connection = True
            for end in (handler.rfile, handler.wfile, handler.connection):
                end.close()
            return
        _answer(handler, answer.status, dict(answer.getheaders()), data)

    def _fate(self, method: str) -> str:
        with self._guard:
            drawn = self._random.random()
            fate = "passed"
            if self._mended:
                pass
            elif drawn < ERRORS:
                fate = "error"
            elif drawn < ERRORS + STALLS:
                fate = "stall"
            elif drawn < ERRORS + STALLS + RESETS and method == "PUT":
                fate = "reset"
            self.met[fate] += 1
            return fate

    def _pass_on(
        self, handler: BaseHTTPRequestHandler, body: bytes
    ) -> tuple[http.client.HTTPResponse, bytes]:
        upstream = http.client.HTTPConnection(self._upstream, timeout=60)
        # The Host header goes unchanged: it is part of what was signed.
        headers = {name: value for name, value in handler.headers.items() if name.lower() not in _HOP}
        upstream.putrequest(handler.command, handler.path, skip_host=True, skip_accept_encoding=True)
        for name, value in headers.items():
            upstream.putheader(name, value)
        upstream.putheader("Content-Length", str(len(body)))
        upstream.endheaders(body)
        answer = upstream.getresponse()
        data = answer.read()
        upstream.close()
        return answer, data


def _answer(handler: BaseHTTPRequestHandler, status: int, headers: dict[str, str], data: bytes) -> None:
    handler.send_response_only(status)
    for name, value in headers.items():
        if name.lower() not in _HOP:
            handler.send_header(name, value)
    # The answer to HEAD says how long the object is, and sends nothing of it.
    length = next((value for name, value in headers.items() if name.lower() == "content-length"), len(data))
    handler.send_header("Content-Length", str(length))
    handler.end_headers()
    handler.wfile.write(data)
    handler.wfile.flush()
