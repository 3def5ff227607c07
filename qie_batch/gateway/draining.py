"""The end of a gateway process behind a proxy: not ready first, then no new connection, then no stream."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from starlette.datastructures import Headers

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

#: Milliseconds after which a client of an ended event stream connects again: to another replica.
RECONNECT_MS = 1000
_STREAM = "text/event-stream"


class Drain:
    """Where the process is between the signal that ends it and its end; of the event loop's thread alone."""

    def __init__(self, seconds: float) -> None:
        """`seconds` is how long requests are still taken while /readyz already answers 503."""
        self._seconds = seconds
        self._began: float | None = None
        self._streams: set[asyncio.Task[None]] = set()

    @property
    def has_begun(self) -> bool:
        return self._began is not None

    def begin(self) -> None:
        if self._began is None:
            self._began = time.monotonic()

    def is_over(self) -> bool:
        """Whether the listener may close; the event streams that are still open then are ended."""
        if self._began is None or time.monotonic() - self._began < self._seconds:
            return False
        for stream in self._streams:
            stream.cancel()
        self._streams.clear()
        return True

    def add(self, stream: asyncio.Task[None]) -> None:
        self._streams.add(stream)

    def remove(self, stream: asyncio.Task[None]) -> bool:
        """Whether it was still there: a stream that is not was ended by the drain."""
        is_there = stream in self._streams
        self._streams.discard(stream)
        return is_there


class EndsStreams:
    """Ends event streams when the drain is over, with a `retry:` by which the client connects again."""

    def __init__(self, app: ASGIApp, drain: Drain) -> None:
        self._app = app
        self._drain = drain

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        task = asyncio.current_task()
        assert task
        is_stream = False

        async def send_and_note(message: Message) -> None:
            nonlocal is_stream
            if message["type"] == "http.response.start":
                kind = Headers(raw=message["headers"]).get("content-type", "")
                is_stream = kind.startswith(_STREAM)
                if is_stream:
                    self._drain.add(task)
            await send(message)

        try:
            await self._app(scope, receive, send_and_note)
        except asyncio.CancelledError:
            if not is_stream or self._drain.remove(task):
                raise
            task.uncancel()
            last = f"retry: {RECONNECT_MS}\n\n".encode()
            await send({"type": "http.response.body", "body": last, "more_body": False})
        finally:
            self._drain.remove(task)
