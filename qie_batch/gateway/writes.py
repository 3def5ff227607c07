"""Answers in one write: head and body of a small one reach the client together or, after a kill, not at all.

uvicorn writes them one after the other. A process that is killed between the two leaves an answer that has
begun, and that no proxy can ask of another replica.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from uvicorn.protocols.http.h11_impl import H11Protocol

if TYPE_CHECKING:
    import asyncio

#: Bytes that are kept back at most.
_MAX_KEPT = 65_536


class JoinedWrites:
    """A transport that joins what is written within one turn of the event loop."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._kept = bytearray()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        if not self._kept:
            self._loop.call_soon(self._flush)
        self._kept += data
        if len(self._kept) > _MAX_KEPT:
            self._flush()

    def close(self) -> None:
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        if self._kept:
            kept, self._kept = self._kept, bytearray()
            self._transport.write(kept)


class WholeAnswers(H11Protocol):
    """The protocol of the gateway's connections."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(cast("asyncio.Transport", JoinedWrites(transport, self.loop)))
