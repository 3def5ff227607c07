"""Servers that edit images over HTTP, as vLLM-Omni, SGLang, OpenAI and DashScope do, and fail as they do.

They paint a colour that request and seed decide. An answer of the script takes the place of an edit; one of
`control_script` takes the place of an edit that only tests the server.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import threading
from contextlib import suppress
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

from PIL import Image

from qie_batch.remote.control import control_request, probe_sizes

CONTROL = control_request(probe_sizes()).params.instruction


class Asked(NamedTuple):
    path: str
    headers: dict[str, str]
    fields: dict[str, str]
    #: Name of the part and its bytes.
    files: list[tuple[str, bytes]]
    json: Any

    @property
    def prompt(self) -> str:
        if self.json is None:
            return self.fields.get("prompt", "")
        return self.json["input"]["messages"][0]["content"][-1]["text"]

    @property
    def size(self) -> tuple[int, int]:
        if self.json is None and "size" not in self.fields:
            return Image.open(io.BytesIO(self.files[0][1])).size
        if self.json is None:
            width, height = self.fields["size"].split("x")
        else:
            width, height = self.json["parameters"]["size"].split("*")
        return int(width), int(height)

    @property
    def colour(self) -> tuple[int, ...]:
        seed = self.fields.get("seed") if self.json is None else self.json["parameters"]["seed"]
        return tuple(hashlib.sha256(f"{self.prompt} {seed}".encode()).digest()[:3])


class Said(NamedTuple):
    """An answer by its parts."""

    status: int = 200
    body: bytes | dict[str, Any] = b""
    kind: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()


def image_bytes(size: tuple[int, int], colour: tuple[int, ...], form: str = "PNG") -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, colour).save(buffer, form)
    return buffer.getvalue()


def painted(asked: Asked, size: tuple[int, int] | None = None, form: str = "PNG") -> Said:
    data = image_bytes(size or asked.size, asked.colour, form)
    encoded = base64.b64encode(data).decode()
    return Said(body={"created": 1, "data": [{"b64_json": encoded, "url": None}], "size": "", "metrics": {}})


class RemoteServer:
    """`script` and `control_script` hold answers, or functions of the handler and of what was asked."""

    paths = ("/v1/images/edits",)

    def __init__(self) -> None:
        self.script: list[Any] = []
        self.control_script: list[Any] = []
        self.asked: list[Asked] = []
        self.controls: list[Asked] = []
        #: Edits at a time, now and at most.
        self.running = self.busiest = 0
        #: While it is clear, edits wait.
        self.open = threading.Event()
        self.open.set()
        self.closed = threading.Event()
        self.hung_up = threading.Event()
        self._lock = threading.Lock()
        remote = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: object) -> None:
                pass

            def do_GET(self) -> None:
                with suppress(OSError):
                    remote.send(self, remote.file(self.path))

            def do_POST(self) -> None:
                with suppress(OSError):
                    remote.serve(self)

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            block_on_close = False

        self._server = Server(("127.0.0.1", 0), Handler)
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def close(self) -> None:
        self.closed.set()
        self.open.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def serve(self, handler: BaseHTTPRequestHandler) -> None:
        asked = _asked(handler)
        control = asked.prompt == CONTROL
        with self._lock:
            (self.controls if control else self.asked).append(asked)
            script = self.control_script if control else self.script
            answer = script.pop(0) if script else self.edit
            self.running += 1
            self.busiest = max(self.busiest, self.running)
        try:
            if not control:
                self.open.wait(20)
            if callable(answer):
                answer = answer(handler, asked)
            if answer is not None:
                self.send(handler, answer)
        finally:
            with self._lock:
                self.running -= 1

    def edit(self, _handler: BaseHTTPRequestHandler, asked: Asked) -> Said:
        return painted(asked)

    def file(self, _path: str) -> Said:
        return Said(404)

    def send(self, handler: BaseHTTPRequestHandler, said: Said) -> None:
        body = json.dumps(said.body).encode() if isinstance(said.body, dict) else said.body
        handler.send_response(said.status)
        handler.send_header("content-type", said.kind)
        handler.send_header("content-length", str(len(body)))
        for name, value in said.headers:
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(body)

    # Answers that are none.

    def hang(self, handler: BaseHTTPRequestHandler, _asked: Asked) -> None:
        """Says nothing until the client is gone."""
        handler.connection.settimeout(0.05)
        while not self.closed.is_set():
            try:
                if not handler.connection.recv(1):
                    self.hung_up.set()
                    break
            except TimeoutError:
                continue
            except OSError:
                self.hung_up.set()
                break
        handler.close_connection = True

    def drop(self, handler: BaseHTTPRequestHandler, _asked: Asked) -> None:
        """Ends the connection, as a process that is killed does."""
        handler.close_connection = True
        handler.connection.shutdown(2)

    def drip(self, handler: BaseHTTPRequestHandler, _asked: Asked) -> None:
        """A byte at a time, for ever."""
        handler.send_response(200)
        handler.send_header("content-type", "application/json")
        handler.send_header("content-length", "1000000")
        handler.end_headers()
        while not self.closed.wait(0.02):
            handler.wfile.write(b" ")
            handler.wfile.flush()


class DashScopeServer(RemoteServer):
    """As Model Studio's reference of Qwen-Image-Edit documents it; results are files of the same server."""

    def __init__(self) -> None:
        super().__init__()
        self.files: dict[str, bytes] = {}
        #: Answers in place of the next downloads.
        self.file_script: list[Said] = []

    def edit(self, _handler: BaseHTTPRequestHandler, asked: Asked) -> Said:
        path = f"/result-{len(self.files)}.png"
        self.files[path] = image_bytes(asked.size, asked.colour)
        return self.result(f"{self.url}{path}?Expires=1764000000&Signature=abc")

    def result(self, address: str) -> Said:
        content = [{"image": address}]
        choices = [{"finish_reason": "stop", "message": {"role": "assistant", "content": content}}]
        usage = {"image_count": 1, "width": 1024, "height": 1024}
        return Said(body={"output": {"choices": choices}, "usage": usage, "request_id": "a-b-c"})

    def file(self, path: str) -> Said:
        if self.file_script:
            return self.file_script.pop(0)
        return Said(body=self.files[path.partition("?")[0]], kind="image/png")


def _asked(handler: BaseHTTPRequestHandler) -> Asked:
    headers = {name.lower(): value for name, value in handler.headers.items()}
    body = handler.rfile.read(int(headers.get("content-length", "0")))
    kind = headers.get("content-type", "")
    if kind.startswith("application/json"):
        return Asked(handler.path, headers, {}, [], json.loads(body))
    message = BytesParser().parsebytes(f"content-type: {kind}\r\n\r\n".encode() + body)
    fields, files = {}, []
    for part in message.get_payload():
        name = part.get_param("name", header="content-disposition")
        data = part.get_payload(decode=True)
        if part.get_filename():
            files.append((name, data))
        else:
            fields[name] = data.decode()
    return Asked(handler.path, headers, fields, files, None)
