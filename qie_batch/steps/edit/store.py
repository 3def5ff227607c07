"""Stores the result of an attempt under its cache key, once, or finds the one that is there."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

from qie_batch.errors import Rejected, StoreUnavailable
from qie_batch.images import encode
from qie_batch.keys import result_key
from qie_batch.model import Result

if TYPE_CHECKING:
    from PIL.Image import Image

    from qie_batch.model import EditSpec
    from qie_batch.steps.edit.context import EditContext
    from qie_batch.steps.edit.leases import HeldLease


def store(image: Image, lease: HeldLease, context: EditContext) -> Result:
    """Encode and create the object; if another attempt created the object first, that one is the result."""
    spec = lease.attempt.spec
    key = result_key(spec.cache_key)
    data, content_type = encode(image, spec.params.output, spec.params.quality)
    if context.leases.retry_write(lambda: _put(key, data, content_type, lease, context)):
        return _described(data, image, spec, context)
    if found := find(spec, context):
        return found
    raise StoreUnavailable(f"object {key!r} was there before ours and is gone again", code="result_gone")


def find(spec: EditSpec, context: EditContext) -> Result | None:
    """The object under the cache key as a result, None if there is none; Rejected if it is no image."""
    key = result_key(spec.cache_key)
    try:
        data = context.store.get(key)
    except Rejected:
        return None
    try:
        # The limit on bytes applies to inputs only.
        image = context.decoders.decode(data, replace(context.limits, max_bytes=len(data)))
    except Rejected as error:
        raise Rejected(
            f"the store already holds {key}, and that is no result: {error.message};"
            " fsck with repair removes the object once it is a day old, then retry the job",
            code="result_broken",
        ) from error
    return _described(data, image, spec, context)


def _put(key: str, data: bytes, content_type: str, lease: HeldLease, context: EditContext) -> bool:
    lease.check_fence()
    try:
        return context.store.put_new(key, data, content_type)
    except StoreUnavailable:
        context.breaker.open()  # claim no items whose results could not be stored either
        raise


def _described(data: bytes, image: Image, spec: EditSpec, context: EditContext) -> Result:
    cache_key = spec.cache_key
    return Result(
        cache_key=cache_key,
        object_key=result_key(cache_key),
        sha256=hashlib.sha256(data).hexdigest(),
        size=len(data),
        width=image.width,
        height=image.height,
        engine=context.worker.engine,
        device=context.engine.device,
    )
