"""The gateway's log: everything to stderr, each line with the id of its request, and a line a request."""

from __future__ import annotations

import logging
import time
import warnings
from typing import TYPE_CHECKING

from qie_batch.gateway.request_ids import RequestIdFilter
from qie_batch.redaction import redact
from qie_batch.text import printable

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from qie_batch.settings import Settings

log = logging.getLogger(__name__)

#: Asked for every few seconds by machines; logged where something is wrong.
QUIET = frozenset({"/healthz", "/readyz", "/metrics"})
#: Of a path, of which a client may send 64 kB.
MOST_PATH = 300
#: Status of a request whose client left before the answer, as nginx logs it.
CLIENT_LEFT = 499


def log_to_stderr(settings: Settings) -> None:
    """One handler for this program's records and uvicorn's, without secrets."""
    form = "%(asctime)s %(levelname)s %(name)s [%(request_id)s]: %(message)s"
    logging.basicConfig(level=logging.INFO, format=form)
    # What no line shows is not looked up for each.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging._srcfile = ""  # noqa: SLF001 - as the logging HOWTO says
    for handler in logging.getLogger().handlers:
        handler.addFilter(RequestIdFilter())
    for name in ("uvicorn", "uvicorn.error"):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True
    logging.getLogger("httpx2").setLevel(logging.WARNING)  # would log each reading of the keys
    warnings.filterwarnings("ignore", "EdDSA is deprecated")  # its other name is accepted, too
    redact(settings.secrets, settings.addresses)


class AccessLog:
    """A line for each request: method, path, status, milliseconds to its end, subject, and address.

    Without the query, in which a one-time login stands.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = time.monotonic(), CLIENT_LEFT

        async def send_noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, send_noting)
        except Exception:
            status = 500 if status == CLIENT_LEFT else status
            raise
        finally:
            level = logging.DEBUG if scope["path"] in QUIET and status < 400 else logging.INFO
            log.log(
                level,
                "%s %s %s %.1f ms subject=%s client=%s",
                printable(scope["method"]),
                # Percent-decoded, so a space could make two words of it.
                printable(scope["path"], MOST_PATH).replace(" ", "%20"),
                status,
                1000 * (time.monotonic() - began),
                printable(scope.get("subject_name", "-"), MOST_PATH).replace(" ", "%20"),
                (scope.get("client") or ("-",))[0],
            )
