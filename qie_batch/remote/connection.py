"""Connections of which a whole call ends in time, and which call a check while they wait for bytes."""

from __future__ import annotations

import math
import time
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpcore2
import httpx2

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

#: Seconds between two checks of a thread that waits for an answer.
POLL_SECONDS = 0.25
#: Seconds in which a server has to take the next part of a request.
_WRITE_SECONDS = 10.0
#: Bytes that are written between two checks.
_WRITE_BYTES = 1 << 18
#: Below the 5 s after which uvicorn closes an idle connection.
_IDLE_SECONDS = 2.0


@dataclass(slots=True, kw_only=True)
class Watch:
    """The limits of one call, of its thread."""

    #: By `time.monotonic`.
    ends_at: float
    #: Called at least every POLL_SECONDS; its exception ends the call and closes the connection.
    check: Callable[[], None]
    #: Seconds between two parts of the answer; infinite until its head is there.
    silence: float = math.inf

    def left(self, expired: type[httpcore2.TimeoutException]) -> float:
        left = self.ends_at - time.monotonic()
        if left <= 0:
            raise expired("the time for this call is over")
        return left


_watch: ContextVar[Watch] = ContextVar("watch")


@contextmanager
def watched(watch: Watch) -> Iterator[None]:
    """Within it, connections of this thread keep to the limits."""
    token = _watch.set(watch)
    try:
        yield
    finally:
        _watch.reset(token)


class WatchedTransport(httpx2.HTTPTransport):
    """HTTP/1.1 without redirects, cookies, and proxies of the environment."""

    def __init__(self, connections: int, connect_seconds: float) -> None:
        # Not HTTPTransport's own: that takes no network backend.
        self._pool = httpcore2.ConnectionPool(
            ssl_context=httpcore2.default_ssl_context(),
            max_connections=connections,
            keepalive_expiry=_IDLE_SECONDS,
            network_backend=_WatchedNetwork(connect_seconds),
        )


class _WatchedNetwork(httpcore2.NetworkBackend):
    def __init__(self, connect_seconds: float) -> None:
        self._seconds = connect_seconds
        self._network = httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002 - the watch has the limits
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        watch = _watch.get()
        watch.check()
        seconds = min(self._seconds, watch.left(httpcore2.ConnectTimeout))
        return _WatchedStream(
            self._network.connect_tcp(host, port, seconds, local_address, socket_options), self._seconds
        )


class _WatchedStream(httpcore2.NetworkStream):
    def __init__(self, stream: httpcore2.NetworkStream, connect_seconds: float) -> None:
        self._stream = stream
        self._connect_seconds = connect_seconds

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002 - likewise
        watch = _watch.get()
        silent_from = time.monotonic()
        while True:
            watch.check()
            try:
                left = watch.left(httpcore2.ReadTimeout)
                return self._stream.read(max_bytes, min(left, POLL_SECONDS))
            except httpcore2.ReadTimeout:
                now = time.monotonic()
                if now >= watch.ends_at or now - silent_from >= watch.silence:
                    raise

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002 - likewise
        watch = _watch.get()
        view = memoryview(buffer)
        for start in range(0, len(view), _WRITE_BYTES):
            watch.check()
            seconds = min(_WRITE_SECONDS, watch.left(httpcore2.WriteTimeout))
            self._stream.write(bytes(view[start : start + _WRITE_BYTES]), seconds)

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: Any,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002 - likewise
    ) -> httpcore2.NetworkStream:
        seconds = min(self._connect_seconds, _watch.get().left(httpcore2.ConnectTimeout))
        return _WatchedStream(
            self._stream.start_tls(ssl_context, server_hostname, seconds), self._connect_seconds
        )

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
