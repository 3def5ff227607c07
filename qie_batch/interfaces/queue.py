from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qie_batch.model import LiveWorker, Message


class WorkQueue(Protocol):
    """Carries messages to workers without a guarantee: each arrives never, once or more often.

    Each engine has two queues, the second for interactive items. Raises QueueUnavailable.
    """

    def publish(self, engine: str, messages: Sequence[Message], *, interactive: bool = False) -> None:
        """Send the messages; after an error some of them may have been sent."""

    def depth(self, engine: str, *, interactive: bool = False) -> int:
        """Number of messages in the broker that no worker has taken."""

    def take_interactive(self, engine: str, seconds: float) -> str | None:
        """Take the oldest interactive message: an item id, or None if there is none within the seconds."""

    def live_workers(self, seconds: float) -> list[LiveWorker]:
        """The worker processes that answer within the seconds; takes that long."""

    def epoch(self) -> str:
        """An id of the broker's data, which changes when the broker is wiped, replaced or restored."""
