"""One HTTP call with an end in time, a limit of bytes, and a check while it waits."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import httpx2

from qie_batch import __version__
from qie_batch.remote.connection import Watch, WatchedTransport, watched
from qie_batch.text import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

#: Bytes of an answer: an image of 16 MP in base64 and PNG. A larger one is cut off.
ANSWER_BYTES = 64_000_000
#: Seconds for a connection, and between two parts of an answer.
CONNECT_SECONDS, SILENCE_SECONDS = 5.0, 20.0


class FilePart(NamedTuple):
    field: str
    name: str
    data: bytes
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request to a server, without the server's address."""

    path: str
    method: str = "POST"
    headers: Mapping[str, str] = field(default_factory=dict)
    #: Of a form; with `files` it is a multipart one.
    fields: Mapping[str, str] = field(default_factory=dict)
    files: tuple[FilePart, ...] = ()
    #: The body instead of a form.
    json: Any = None


class Answer(NamedTuple):
    status: int
    #: By lower-case name.
    headers: Mapping[str, str]
    body: bytes


class NotConnected(Exception):
    """Nothing was sent."""


class NoAnswer(Exception):
    """The call was sent, and no whole answer came: the server may have done what was asked."""

    def __init__(self, reason: str, *, timed_out: bool = False) -> None:
        super().__init__(reason)
        self.timed_out = timed_out


class Http:
    """The connections to the servers of one engine."""

    def __init__(self, connections: int, silence: float = SILENCE_SECONDS) -> None:
        self._transport = WatchedTransport(connections, CONNECT_SECONDS)
        self._silence = silence

    def close(self) -> None:
        self._transport.close()

    def call(self, url: str, call: Call, seconds: float, check: Callable[[], None]) -> Answer:
        """The server's answer, whatever its status; raises NotConnected, NoAnswer and as `check`.

        `url` is the server's address, to which `call.path` is added. Redirects are not followed.
        """
        request = _request(url, call)
        watch = Watch(ends_at=time.monotonic() + seconds, check=check)
        try:
            with watched(watch):
                response = self._transport.handle_request(request)
                try:
                    watch.silence = self._silence
                    body = _body(response)
                finally:
                    response.close()
        except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
            raise NotConnected(_reason(error)) from error
        except httpx2.TimeoutException as error:
            raise NoAnswer(f"no whole answer within {seconds:g} s", timed_out=True) from error
        except httpx2.TransportError as error:
            raise NoAnswer(_reason(error)) from error
        return Answer(response.status_code, {k.lower(): v for k, v in response.headers.items()}, body)


def _request(url: str, call: Call) -> httpx2.Request:
    headers = {
        "user-agent": f"qie-batch/{__version__}",
        "accept-encoding": "identity",
        **call.headers,
    }
    if call.json is not None:
        return httpx2.Request(call.method, url + call.path, headers=headers, json=call.json)
    files = [(part.field, (part.name, part.data, part.kind)) for part in call.files]
    return httpx2.Request(
        call.method, url + call.path, headers=headers, data=dict(call.fields) or None, files=files or None
    )


def _body(response: httpx2.Response) -> bytes:
    """The raw body: one that is packed was not asked for, and is garbage to its reader."""
    body = bytearray()
    for part in response.iter_raw():
        body += part
        if len(body) > ANSWER_BYTES:
            raise NoAnswer(f"its answer is longer than {ANSWER_BYTES:,} bytes")
    return bytes(body)


def _reason(error: Exception) -> str:
    return printable(str(error), 120) or "the connection ended"
