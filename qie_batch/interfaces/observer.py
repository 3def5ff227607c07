from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from qie_batch.model import EditEvent


class Observer(Protocol):
    """Receives the events of the edit step in the thread of the edit; must return soon and not raise."""

    def __call__(self, event: EditEvent, /) -> None: ...
