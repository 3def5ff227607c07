"""One item: claim, fetch, edit, check, store, close."""

from __future__ import annotations

import hashlib
import logging
import random
import re
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from qie_batch import images
from qie_batch.errors import (
    DeviceOutOfMemory,
    EngineLost,
    Fenced,
    LedgerUnavailable,
    Preempted,
    Rejected,
    StoreUnavailable,
    Unavailable,
)
from qie_batch.keys import input_key, result_key
from qie_batch.model import EditRequest, Failure, Result

if TYPE_CHECKING:
    import threading

    from PIL.Image import Image

    from qie_batch.breaker import CircuitBreaker
    from qie_batch.images.sandbox import DecoderPool
    from qie_batch.interfaces import Engine, Ledger, ObjectStore
    from qie_batch.leases import HeldLease, Leases
    from qie_batch.model import Attempt, EditSpec, Worker

log = logging.getLogger(__name__)

ITEM_ID = re.compile(r"[A-Za-z0-9_-]{1,64}\.[0-9]{1,9}")

#: Tries before an error that should have passed is final (out of memory: one, and one with less memory),
#: and the longest wait between two, in seconds.
TRIES = 8
MAX_CRASHES = 3
LONGEST_DELAY = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class EditContext:
    """What a worker process edits with."""

    ledger: Ledger
    store: ObjectStore
    engine: Engine
    worker: Worker
    leases: Leases
    breaker: CircuitBreaker
    #: Opens pictures outside this process: a hostile one never meets the device.
    pictures: DecoderPool
    #: Held while the engine edits: transfers of the neighbours go on beside it.
    device: threading.Lock
    limits: images.Limits


def edit(item_id: object, context: EditContext) -> None:
    """Edit the item, unless somebody else has it or nobody should: then the message was late or doubled."""
    if not isinstance(item_id, str) or not ITEM_ID.fullmatch(item_id):
        log.warning("a message without an item id was dropped")
        return
    if not (context.breaker.wait(context.leases.shutdown) and context.leases.open_to_claims()):
        return  # this process is leaving: the item stays queued and is sent again
    attempt = context.ledger.claim(item_id, context.worker, context.leases.lease_seconds)
    if attempt is None:
        log.info("item %s is not waiting: message dropped", item_id)
        return
    with context.leases.hold(attempt) as hold:
        try:
            with context.leases.admitted(hold):
                result = _result(attempt, hold, context)
            held = context.leases.retry_write(lambda: context.ledger.succeed(attempt, result, hold.seconds))
            _log(hold, "succeeded", held=held)
        except Rejected as error:
            failure = Failure(code=error.code, reason=error.message)
            held = context.leases.retry_write(lambda: context.ledger.fail(attempt, failure, hold.seconds))
            _log(hold, f"failed: {failure.code}", held=held)
        except Preempted:
            held = context.leases.retry_write(lambda: context.ledger.release(attempt, hold.seconds))
            _log(hold, "handed back", held=held)
        except Fenced:
            context.ledger.account(attempt, hold.seconds)
            _log(hold, "stopped", held=False)
        except Unavailable as error:
            passing = error
            if isinstance(error, StoreUnavailable):
                context.breaker.trip()
            held = context.leases.retry_write(lambda: _retry_or_fail(hold, passing, context))
            _log(hold, f"did not succeed: {passing.message}", held=held)
        except EngineLost as error:
            with suppress(LedgerUnavailable):  # then its lease runs out
                charge_crash(hold, error, context)
            raise


def _log(hold: HeldLease, what: str, *, held: bool) -> None:
    attempt = hold.attempt
    log.info(
        "item %s (%s), attempt %d: %s, %.2f s on the device",
        attempt.item_id,
        attempt.row_id,
        attempt.number,
        what if held else "fenced",
        hold.seconds,
    )


def _result(attempt: Attempt, hold: HeldLease, context: EditContext) -> Result:
    """The stored result of the attempt: made now, or found because an earlier attempt got that far."""
    spec = attempt.spec
    if spec.revision != context.engine.revision:
        # Later: while workers are renewed, one of the old ones may still take it.
        raise Unavailable(
            f"the job wants {spec.engine} revision {spec.revision},"
            f" this worker runs {context.engine.revision}",
            code="engine_revision",
        )
    key = result_key(spec.cache_key)
    if found := _found(key, spec, context):
        return found
    picture = _edited(attempt, hold, context)
    data, content_type = images.encode(picture, spec.output)
    if context.leases.retry_write(lambda: _put(key, data, content_type, hold, context)):
        return _described(key, data, picture, spec, context)
    if found := _found(key, spec, context):
        return found
    raise StoreUnavailable(f"object {key!r} was there before ours and is gone again", code="result_gone")


def _put(key: str, data: bytes, content_type: str, hold: HeldLease, context: EditContext) -> bool:
    hold.check_fence()
    try:
        return context.store.put_new(key, data, content_type)
    except StoreUnavailable:
        context.breaker.trip()  # no more edits that could not be stored either
        raise


def _edited(attempt: Attempt, hold: HeldLease, context: EditContext) -> Image:
    """The edit at the size that was asked for."""
    spec = attempt.spec
    sources = (context.store.get(input_key(sha256)) for sha256 in spec.inputs)
    pictures = [context.pictures.decode(source, context.limits) for source in sources]
    if context.engine.buckets:
        for reference in pictures[1:]:
            images.check_ratio(reference.size, "reference picture")
    size = (spec.width, spec.height) if spec.width and spec.height else None
    fitted = images.fit(pictures[0], context.engine.buckets, size)
    request = EditRequest(
        images=(fitted.picture, *pictures[1:]),
        instruction=spec.instruction,
        negative=spec.negative,
        width=fitted.picture.width,
        height=fitted.picture.height,
        steps=spec.steps,
        cfg=spec.cfg,
        seed=spec.seed,
        preset=spec.preset,
        low_memory=attempt.low_memory,
    )
    with hold.on_device(context.device):
        output = context.engine.edit(request, hold.step)
    return fitted.restore(output.image)


def _found(key: str, spec: EditSpec, context: EditContext) -> Result | None:
    """Adopt the object under the key, if there is one and it opens; the store checks its sha256."""
    try:
        data = context.store.get(key)
    except Rejected:
        return None
    try:
        # The limit on bytes is for what comes from outside.
        picture = context.pictures.decode(data, replace(context.limits, max_bytes=len(data)))
    except Rejected as error:
        raise Rejected(
            f"the store already holds {key}, and that is no result: {error.message};"
            " `qie-batch fsck --repair` removes it once it is a day old, then `qie-batch retry`",
            code="result_broken",
        ) from error
    return _described(key, data, picture, spec, context)


def _described(key: str, data: bytes, picture: Image, spec: EditSpec, context: EditContext) -> Result:
    return Result(
        cache_key=spec.cache_key,
        object_key=key,
        sha256=hashlib.sha256(data).hexdigest(),
        size=len(data),
        width=picture.width,
        height=picture.height,
        engine=context.engine.name,
        device=context.engine.device,
    )


def charge_crash(hold: HeldLease, error: EngineLost, context: EditContext) -> None:
    """The edit takes its process with it: again elsewhere, or after MAX_CRASHES never more."""
    attempt = hold.attempt
    if attempt.crashes + 1 >= MAX_CRASHES:
        reason = f"given up after {MAX_CRASHES} crashes: {error.message}"
        poison = Failure(code="poison", reason=reason)
        held = context.leases.retry_write(lambda: context.ledger.fail(attempt, poison, hold.seconds))
    else:
        failure, delay = Failure(code=error.code, reason=error.message), backoff(attempt.crashes)
        held = context.leases.retry_write(
            lambda: context.ledger.retry_later(attempt, failure, hold.seconds, delay, crash=True)
        )
    _log(hold, f"crashed: {error.message}", held=held)


def _retry_or_fail(hold: HeldLease, error: Unavailable, context: EditContext) -> bool:
    attempt, failure = hold.attempt, Failure(code=error.code, reason=error.message)
    too_big = isinstance(error, DeviceOutOfMemory) and attempt.low_memory
    if too_big or attempt.errors + 1 >= TRIES:
        final = replace(failure, reason=f"given up after {attempt.errors + 1} tries: {failure.reason}")
        return context.ledger.fail(attempt, final, hold.seconds)
    return context.ledger.retry_later(attempt, failure, hold.seconds, backoff(attempt.errors))


def backoff(errors: int) -> float:
    """Seconds to wait after so many passing errors: doubling, with jitter, never above LONGEST_DELAY."""
    return min(LONGEST_DELAY, 2.0**errors) * random.uniform(0.5, 1.0)  # noqa: S311 - spreads load, no secret
