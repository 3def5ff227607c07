"""A small S3 server that refuses and throttles as AWS does, and the metadata server of its credentials."""

from __future__ import annotations

import json
import re
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

STATUS = {
    "SlowDown": 503,
    "InternalError": 500,
    "ExpiredToken": 400,
    "RequestTimeTooSkewed": 403,
}
METADATA = "/metadata"


class StandIn:
    """Objects in memory; takes the newest session alone."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        #: Codes with which the next requests are answered, in this order; "" lets one through.
        self.faults: list[str] = []
        #: Faults of requests that are carried out before they are answered so.
        self.late_faults: list[str] = []
        #: Method and key of each request.
        self.requests: list[tuple[str, str]] = []
        self.session = 0
        #: For how long the metadata server says that a session lasts; None where it fails.
        self.lifetime: timedelta | None = timedelta(hours=1)
        self.given = 0
        self.url = ""

    def end_session(self) -> None:
        """From now on requests of the session are answered with ExpiredToken."""
        self.session += 1

    def credentials(self) -> tuple[int, bytes]:
        self.given += 1
        if self.lifetime is None:
            return 500, b"{}"
        answer = {
            "AccessKeyId": f"key-{self.session}",
            "SecretAccessKey": "secret",
            "Token": f"token-{self.session}",
            "Expiration": (datetime.now(UTC) + self.lifetime).strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        return 200, json.dumps(answer).encode()

    def answer(self, method: str, key: str, headers: Any, body: bytes) -> tuple[int, bytes]:
        self.requests.append((method, key))
        if fault := self._fault(headers):
            return _error(fault)
        status, data = self._carry_out(method, key, headers, body)
        if self.late_faults and (fault := self.late_faults.pop(0)):
            return _error(fault)
        return status, data

    def _fault(self, headers: Any) -> str:
        if self.faults and (fault := self.faults.pop(0)):
            return fault
        key = re.search("Credential=([^/]+)/", headers["Authorization"])[1]
        fresh = (key, headers["X-Amz-Security-Token"]) == (f"key-{self.session}", f"token-{self.session}")
        return "" if fresh else "ExpiredToken"

    def _carry_out(self, method: str, key: str, headers: Any, body: bytes) -> tuple[int, bytes]:
        if method == "PUT":
            if headers["If-None-Match"] and key in self.objects:
                return _error("PreconditionFailed", 412)
            self.objects[key] = body
            return 200, b""
        return (200, self.objects[key]) if key in self.objects else _error("NoSuchKey", 404)


def _error(code: str, status: int = 0) -> tuple[int, bytes]:
    return status or STATUS[code], f"<Error><Code>{code}</Code><Message>as AWS</Message></Error>".encode()


@contextmanager
def s3_stand_in() -> Iterator[StandIn]:
    stand_in = StandIn()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def respond(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"] or 0))
            if self.path == METADATA:
                status, data = stand_in.credentials()
            else:
                status, data = stand_in.answer(self.command, self.path, self.headers, body)
            self.send_response(status)
            self.send_header("Last-Modified", "Fri, 27 Nov 2026 12:00:00 GMT")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(data)

        do_GET = do_HEAD = do_PUT = respond  # noqa: N815 - of http.server

        def log_message(self, *_: Any) -> None:
            """Log nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    stand_in.url = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield stand_in
    finally:
        server.shutdown()
        server.server_close()
