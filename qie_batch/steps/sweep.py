"""Recovers items with an expired lease and queued items whose message was lost."""

from __future__ import annotations

import logging
from itertools import product
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qie_batch.interfaces import Dispatch, Recovery, WorkQueue

log = logging.getLogger(__name__)

#: Seconds from sending to claiming; an older message that is not in the broker counts as lost.
MESSAGE_GRACE = 5.0


def take_back(recovery: Recovery) -> int:
    """Recover items whose lease expired; says how many. Raises LedgerUnavailable."""
    taken = recovery.expire_leases()
    if taken:
        log.warning("took back %d items whose worker is gone", taken)
    return taken


def send_lost_again(dispatch: Dispatch, queue: WorkQueue) -> int:
    """Send the messages of queued items that no worker claimed and the broker does not hold; says how many.

    The broker gives the number of its messages only. Workers take messages in the order of sending, so the
    oldest unclaimed ones are sent again; a doubled message is harmless. Raises LedgerUnavailable and
    QueueUnavailable.
    """
    new_broker = dispatch.remember_epoch(queue.epoch())
    if new_broker:
        log.warning("the broker was wiped or replaced: sending everything again that is queued")
    sent = 0
    for engine, interactive in product(dispatch.engines_queued(), (True, False)):
        waiting = queue.depth(engine, interactive=interactive)
        overdue = dispatch.unclaimed(engine, 0.0 if new_broker else MESSAGE_GRACE, interactive=interactive)
        lost = overdue if new_broker else overdue[: max(len(overdue) - waiting, 0)]
        if lost:
            queue.publish(engine, lost, interactive=interactive)
            dispatch.published([message.item_id for message in lost])
            sent += len(lost)
    if sent:
        log.warning("sent %d messages again", sent)
    return sent
