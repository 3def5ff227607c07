from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qie_batch.model import Message


class WorkQueue(Protocol):
    """Carries messages to workers, perhaps twice, perhaps never. Raises QueueUnavailable."""

    def publish(self, engine: str, messages: Sequence[Message]) -> None:
        """On an error any part of the messages may have been sent."""

    def depth(self, engine: str) -> int:
        """Messages that wait and that no worker holds."""

    def epoch(self) -> str:
        """A name for the broker's memory. It changes when the broker is wiped, replaced or restored."""
