"""Headers that every answer has unless its route says otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.datastructures import MutableHeaders

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from qie_batch.settings import Settings

#: Answers of the API are of one subject: no cache may keep them.
API = ("/api/", "/v1/")
DEFAULTS = {
    "x-content-type-options": "nosniff",
    # Not no-referrer, with which browsers send Origin: null with the forms of our own pages.
    "referrer-policy": "same-origin",
    # A page says for itself what it may load.
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
}
#: A year, and only over HTTPS: a browser that has read it uses no plain HTTP any more.
HSTS = "max-age=31536000"


class ResponseHeaders:
    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._is_https = settings.gateway_url.startswith("https://")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in DEFAULTS.items():
                    headers.setdefault(name, value)
                if scope["path"].startswith(API):
                    headers.setdefault("cache-control", "no-store")
                if self._is_https or scope["scheme"] == "https":
                    headers.setdefault("strict-transport-security", HSTS)
            await send(message)

        await self._app(scope, receive, send_with_headers)
