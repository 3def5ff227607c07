from __future__ import annotations

import logging
import re
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from qie_batch.errors import (
    AttemptEnded,
    EngineLost,
    LedgerUnavailable,
    Rejected,
    StoreUnavailable,
    Unavailable,
)
from qie_batch.images import fit
from qie_batch.model import Stage
from qie_batch.steps.edit.close import close
from qie_batch.steps.edit.engine_gate import wait_for_engine
from qie_batch.steps.edit.events import EventStream
from qie_batch.steps.edit.fetch import fetch
from qie_batch.steps.edit.inspect import inspect, is_inspected, judge
from qie_batch.steps.edit.lock import settled
from qie_batch.steps.edit.outcome import decide
from qie_batch.steps.edit.paint import paint, unedited
from qie_batch.steps.edit.store import find, store

if TYPE_CHECKING:
    from qie_batch.model import EditSpec, Result
    from qie_batch.steps.edit.context import EditContext
    from qie_batch.steps.edit.leases import HeldLease
    from qie_batch.steps.edit.store import Found

log = logging.getLogger(__name__)

ITEM_ID = re.compile(r"[A-Za-z0-9_-]{1,64}\.[0-9]{1,9}")


def edit(item_id: object, context: EditContext) -> None:
    """Run one attempt at the item; a message whose item is not queued (late, doubled) is dropped.

    Raises EngineLost, after the item is closed, and LedgerUnavailable where the lease has to expire.
    """
    if not isinstance(item_id, str) or not ITEM_ID.fullmatch(item_id):
        log.warning("a message without an item id was dropped")
        return
    if not (
        context.breaker.wait(context.leases.shutdown)
        and wait_for_engine(context.engine, context.leases.shutdown)
        and context.leases.wait_for_turn()
    ):
        return  # the process exits: the item stays queued and its message is sent again
    attempt = context.attempts.claim(item_id, context.worker, context.leases.lease_seconds)
    if attempt is None:
        log.info("item %s is not waiting: message dropped", item_id)
        return
    with context.leases.keep(attempt) as lease:
        events = EventStream(lease, context.observe)
        events.emit(Stage.CLAIMED)
        try:
            with context.leases.admit(lease):
                result = _result(lease, events, context)
            close(judge(result, attempt, context.engine.info), lease, events, context)
        except (Rejected, AttemptEnded, Unavailable) as error:
            if isinstance(error, StoreUnavailable):
                context.breaker.open()
            close(decide(error, attempt, context.policy), lease, events, context)
        except EngineLost as error:
            with suppress(LedgerUnavailable):  # then the lease expires
                close(decide(error, attempt, context.policy), lease, events, context)
            raise


def _result(lease: HeldLease, events: EventStream, context: EditContext) -> Result:
    """The stored result: made by this attempt, or adopted from an earlier one that put it."""
    spec = lease.attempt.spec
    _check_revision(spec, context)
    if found := find(spec, context):
        events.emit(Stage.ADOPTED)
        return _inspected(found, lease, events, context)
    images, origin = fetch(spec, events, context)
    painted = settled(paint(images, lease, events, context), images[0], spec, context)
    findings = inspect(painted.before, painted.image, painted.keep, lease.attempt, context)
    painted = replace(painted, findings=findings, origin=origin)
    events.emit(Stage.CHECKED, findings=painted.wrong)
    result = store(painted, lease, events, context)
    events.emit(Stage.STORED)
    return result


def _inspected(found: Found, lease: HeldLease, events: EventStream, context: EditContext) -> Result:
    """An adopted result is held to what this row asks, which its own attempt may not have asked."""
    if not is_inspected(lease.attempt, context):
        return found.result
    spec = lease.attempt.spec
    source = fetch(spec, events, context).images[0]
    before = unedited(source, fit(source, context.engine.info.limits.sizes, spec.params.size), found.image)
    return replace(found.result, findings=inspect(before, found.image, None, lease.attempt, context))


def _check_revision(spec: EditSpec, context: EditContext) -> None:
    """Unavailable, not Rejected: during a rolling upgrade another worker may have the revision and LoRA."""
    info = context.engine.info
    if spec.revision != info.revision:
        settings = ", ".join(info.revision_settings)
        raise Unavailable(
            f"the job wants {spec.engine} revision {spec.revision}, this worker runs {info.revision}",
            code="engine_revision",
            hint=f"set the same {settings} for workers and where jobs are submitted" if settings else "",
        )
    params = spec.params
    runs = info.runs_with(params.preset, params.lora_name)
    if spec.lora != runs:
        raise Unavailable(
            f"the job wants the LoRAs and recipe {spec.lora or 'none'!r}, this worker runs {runs or 'none'!r}"
            f" for preset {params.preset!r} and LoRA {params.lora_name!r}",
            code="engine_lora",
            hint="give all workers, and whoever submits, the same QIE_PRESETS and QIE_LORAS, or submit anew"
            " what an earlier version submitted",
        )
