from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qie_batch.model import Message


class WorkQueue(Protocol):
    """Carries messages to workers without a guarantee: each arrives never, once or more often.

    Raises QueueUnavailable.
    """

    def publish(self, engine: str, messages: Sequence[Message]) -> None:
        """Send the messages; after an error some of them may have been sent."""

    def depth(self, engine: str) -> int:
        """Number of messages in the broker that no worker has taken."""

    def epoch(self) -> str:
        """An id of the broker's data, which changes when the broker is wiped, replaced or restored."""
