"""Headers X-Forwarded-*, from listed proxies alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send


class Forwarded:
    """Takes address and scheme of the client from a listed proxy, whose own address stays as "peer"."""

    def __init__(self, app: ASGIApp, proxies: tuple[str, ...]) -> None:
        self._app = ProxyHeadersMiddleware(app, list(proxies)) if proxies else app  # type: ignore[arg-type]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["peer"] = scope.get("client")
        await self._app(scope, receive, send)  # type: ignore[arg-type]
