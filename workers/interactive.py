"""Interactive messages, taken by threads of their own: Celery's may all hold items of a job."""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING, Protocol

from qie_batch.errors import EngineLost, QieError, QueueUnavailable
from qie_batch.steps.edit import edit
from qie_batch.steps.repeats import Repeats

if TYPE_CHECKING:
    from qie_batch.interfaces import WorkQueue
    from qie_batch.steps.edit import EditContext

log = logging.getLogger(__name__)

#: Seconds for which a message is waited for, so the most that a thread needs to end.
TAKE_SECONDS = 1.0
#: Seconds between two tries while the broker does not answer.
RETRY_SECONDS = 1.0


class Process(Protocol):
    @property
    def context(self) -> EditContext: ...

    def leave(self, error: EngineLost) -> None:
        """Exit."""


class InteractiveThreads:
    """Each takes a message once it has ended the edit before, until the process begins to leave.

    A message is gone once it is taken: if the process dies before the claim, the sweep sends another.
    """

    def __init__(self, queue: WorkQueue, process: Process) -> None:
        self._queue = queue
        self._process = process
        self._repeats = Repeats()
        self._threads: list[threading.Thread] = []

    def start(self, number: int) -> None:
        """As many threads as edits fit on the device; the process has its context."""
        self._threads = [
            threading.Thread(target=self._serve, name=f"interactive-{each}", daemon=True)
            for each in range(number)
        ]
        for thread in self._threads:
            thread.start()

    def join(self) -> None:
        """Return once every thread has ended; the process has begun to leave."""
        log.info("waiting for the interactive edits")
        for thread in self._threads:
            thread.join()

    def _serve(self) -> None:
        context = self._process.context
        shutdown = context.leases.shutdown
        while context.breaker.wait(shutdown) and context.leases.wait_for_turn():
            item_id = self._take(context.worker.engine)
            if item_id is not None:
                self._edit(item_id)

    def _take(self, engine: str) -> str | None:
        try:
            item_id = self._queue.take_interactive(engine, TAKE_SECONDS)
        except QueueUnavailable as error:
            if self._repeats.is_new(engine, error.message):
                log.warning("no interactive messages: %s", error.message)
            time.sleep(RETRY_SECONDS)
            return None
        self._repeats.end(engine)
        return item_id

    def _edit(self, item_id: str) -> None:
        context = self._process.context
        try:
            with context.device.expecting(item_id):
                edit(item_id, context)
        except EngineLost as error:
            self._process.leave(error)
        except QieError as error:
            log.warning("item %s: %s", item_id, error.message)
        except Exception:
            log.exception("item %s: the edit failed by a bug; its lease will expire", item_id)
