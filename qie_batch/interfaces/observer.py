from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from qie_batch.model import EditEvent


class Observer(Protocol):
    """Metrics, phase timings and logs. Called in the thread of the edit: be quick, raise nothing."""

    def __call__(self, event: EditEvent, /) -> None: ...
