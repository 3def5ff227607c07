"""What is overdue: leases of dead workers, and messages that the broker lost."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qie_batch.interfaces import Dispatch, Recovery, WorkQueue

log = logging.getLogger(__name__)

#: A message this old that is not in the broker either was popped a moment ago or is lost.
MESSAGE_GRACE = 5.0


def take_back(recovery: Recovery) -> int:
    """Items whose lease ran out are pending again."""
    taken = recovery.expire_leases()
    if taken:
        log.warning("took back %d items whose worker is gone", taken)
    return taken


def send_lost_again(dispatch: Dispatch, queue: WorkQueue) -> int:
    """Queued items that nobody claimed and that the broker does not hold.

    Which of several was lost cannot be seen, but messages are taken in the order they were sent: it is the
    oldest. Should it be another, its turn comes; a message doubled in vain is harmless.
    """
    new_broker = dispatch.remember_epoch(queue.epoch())
    if new_broker:
        log.warning("the broker was wiped or replaced: sending everything again that is queued")
    sent = 0
    for engine in dispatch.engines_queued():
        waiting = queue.depth(engine)
        overdue = dispatch.unclaimed(engine, 0.0 if new_broker else MESSAGE_GRACE)
        lost = overdue if new_broker else overdue[: max(len(overdue) - waiting, 0)]
        if lost:
            queue.publish(engine, lost)
            dispatch.published([message.item_id for message in lost])
            sent += len(lost)
    if sent:
        log.warning("sent %d messages again", sent)
    return sent
