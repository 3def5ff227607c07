"""Whether the services that every request needs answer, asked once a second at most and in bounded time."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from qie_batch import wiring
from qie_batch.errors import QieError
from qie_batch.keys import CREATE_ONLY_PROBE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from qie_batch.gateway.context import GatewayContext

#: Seconds for which an answer counts.
FRESH_SECONDS = 1.0
#: Seconds in which a service must answer; less than a proxy waits for /readyz.
TIMEOUT_SECONDS = 2.0
OK = "ok"


class Readiness:
    """Asks each service in a thread of its own, so that a service that hangs blocks no request."""

    def __init__(self, checks: Mapping[str, Callable[[], object]], timeout: float = TIMEOUT_SECONDS) -> None:
        """A check returns if its service answers, and raises a QieError if not."""
        self._checks = checks
        self._timeout = timeout
        self._threads = ThreadPoolExecutor(max_workers=len(checks), thread_name_prefix="readiness")
        self._running: dict[str, asyncio.Future[str]] = {}
        self._answers: dict[str, str] = {}
        self._asked = -FRESH_SECONDS
        self._lock = asyncio.Lock()

    async def services(self) -> dict[str, str]:
        """Each service with "ok", or with the code of its error; "timeout" where it does not answer."""
        async with self._lock:
            if time.monotonic() - self._asked >= FRESH_SECONDS:
                self._answers = await self._ask()
                self._asked = time.monotonic()
            return self._answers

    async def _ask(self) -> dict[str, str]:
        loop = asyncio.get_running_loop()
        for name, check in self._checks.items():
            # A check of the last time that is still running is not started again.
            if name not in self._running:
                self._running[name] = loop.run_in_executor(self._threads, _answer, check)
        await asyncio.wait(self._running.values(), timeout=self._timeout)
        done = {name: found for name, found in self._running.items() if found.done()}
        for name in done:
            del self._running[name]
        return {name: done[name].result() if name in done else "timeout" for name in self._checks}

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


def _answer(check: Callable[[], object]) -> str:
    try:
        check()
    except QieError as error:
        return error.code
    return OK


def open_readiness(context: GatewayContext) -> Readiness:
    """Each service is asked something that changes nothing there and that is answered in any state of it."""
    return Readiness(
        {
            "ledger": context.ledger.clock.now,
            "store": lambda: context.store.stat(CREATE_ONLY_PROBE),
            "broker": wiring.queue(context.settings).epoch,
        }
    )
