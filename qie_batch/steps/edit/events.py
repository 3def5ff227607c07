from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any

from qie_batch.model import PHASES, EditEvent, Stage

if TYPE_CHECKING:
    from qie_batch.interfaces import Observer
    from qie_batch.model import Ending
    from qie_batch.steps.edit.leases import HeldLease

log = logging.getLogger(__name__)


#: The lease counts the seconds on the device, and those of closing are known too late to be written.
_NOT_COUNTED = frozenset((PHASES[Stage.ENTERED], PHASES[Stage.STORED]))


class EventStream:
    """Emits the events of one attempt, each with the seconds since the previous one; counts the phases."""

    def __init__(self, lease: HeldLease, observe: Observer) -> None:
        self._lease = lease
        self._observe = observe
        self._last = time.monotonic()
        #: The phase that goes on, "" for one that is not counted here.
        self._phase = ""

    def count_phase(self) -> None:
        """Count the phase that goes on up to now, and no longer: the attempt is about to be closed."""
        if self._phase:
            before = self._lease.phases.get(self._phase, 0.0)
            self._lease.phases[self._phase] = before + time.monotonic() - self._last
            self._phase = ""

    def emit(self, stage: Stage, *, step: int = 0, findings: tuple[str, ...] = ()) -> None:
        self._emit(stage, step=step, findings=findings)

    def end(self, stage: Stage, ending: Ending, *, code: str, outcome: str) -> None:
        """The last event, CLOSED or FENCED."""
        self._emit(stage, ending=ending, code=code, outcome=outcome)

    def _emit(self, stage: Stage, **details: Any) -> None:
        self.count_phase()
        phase = PHASES.get(stage, "")
        self._phase = "" if phase in _NOT_COUNTED else phase
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
