"""uvicorn with the application of this process, and with a drain before its end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import uvicorn

from qie_batch.gateway.app import application
from qie_batch.gateway.writes import WholeAnswers

if TYPE_CHECKING:
    from qie_batch.gateway.draining import Drain
    from qie_batch.settings import Settings


class DrainingServer(uvicorn.Server):
    """After SIGTERM or SIGINT it serves on until the drain is over; a second SIGINT ends it at once."""

    def __init__(self, config: uvicorn.Config, drain: Drain) -> None:
        super().__init__(config)
        self._drain = drain

    async def on_tick(self, counter: int) -> bool:
        """Called ten times a second; True ends the main loop, after which running requests may finish."""
        if not await super().on_tick(counter):
            return False
        self._drain.begin()
        return self.force_exit or self._drain.is_over()


def serve(settings: Settings) -> None:
    """Serve until a signal; requests that run then have `grace_seconds` to finish."""
    app = application(settings)
    config = uvicorn.Config(
        app,
        host=settings.gateway_address,
        port=settings.gateway_port,
        http=WholeAnswers,
        log_level="warning",
        access_log=False,
        server_header=False,
        # The application itself reads them, and has to know the proxy's address, too.
        proxy_headers=False,
        timeout_graceful_shutdown=max(1, round(settings.grace_seconds)),
    )
    DrainingServer(config, app.state.drain).run()
