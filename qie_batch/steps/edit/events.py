from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any

from qie_batch.model import EditEvent, Stage

if TYPE_CHECKING:
    from qie_batch.interfaces import Observer
    from qie_batch.model import Ending
    from qie_batch.steps.edit.leases import HeldLease

log = logging.getLogger(__name__)


class EventStream:
    """Emits the events of one attempt, each with the seconds since the previous one."""

    def __init__(self, lease: HeldLease, observe: Observer) -> None:
        self._lease = lease
        self._observe = observe
        self._last = time.monotonic()

    def emit(self, stage: Stage, *, step: int = 0, findings: tuple[str, ...] = ()) -> None:
        self._emit(stage, step=step, findings=findings)

    def end(self, stage: Stage, ending: Ending, *, code: str, outcome: str) -> None:
        """The last event, CLOSED or FENCED."""
        self._emit(stage, ending=ending, code=code, outcome=outcome)

    def _emit(self, stage: Stage, **details: Any) -> None:
        before, self._last = self._last, time.monotonic()
        self._observe(
            EditEvent(
                stage=stage,
                attempt=self._lease.attempt,
                usage=self._lease.usage,
                seconds=self._last - before,
                **details,
            )
        )


def all_of(*observers: Observer) -> Observer:
    """One observer that tells several, in this order."""

    def observe(event: EditEvent) -> None:
        for observer in observers:
            observer(event)

    return observe


def log_outcome(event: EditEvent) -> None:
    """The observer that writes one line for each attempt."""
    if event.stage not in (Stage.CLOSED, Stage.FENCED):
        return
    attempt = event.attempt
    log.info(
        "item %s (%s), attempt %d: %s, %.2f s on the device",
        attempt.item_id,
        attempt.row_id,
        attempt.number,
        event.outcome if event.stage is Stage.CLOSED else "fenced",
        event.usage.seconds,
    )
