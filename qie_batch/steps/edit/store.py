"""Stores the result of an attempt under its cache key, once, or finds the one that is there."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple, Self
from urllib.parse import quote

from qie_batch.errors import Rejected, StoreUnavailable
from qie_batch.images import encode
from qie_batch.keys import result_key
from qie_batch.model import Result, Stage
from qie_batch.steps.edit.inspect import inspect
from qie_batch.steps.edit.stamp import stamp

if TYPE_CHECKING:
    from collections.abc import Mapping

    from PIL.Image import Image

    from qie_batch.model import EditSpec
    from qie_batch.steps.edit.context import EditContext
    from qie_batch.steps.edit.events import EventStream
    from qie_batch.steps.edit.leases import HeldLease
    from qie_batch.steps.edit.paint import Painted

#: Characters of a note, and of what ran in the form of a header: S3 limits an object's metadata to 2 KB.
_LONGEST_NOTE, _LONGEST_RAN = 300, 1300


@dataclass(frozen=True, slots=True, kw_only=True)
class Remarks:
    """What is known of a result beside its pixels; stored with the object, for the attempt that adopts it."""

    changed: float | None = None
    note: str = ""
    ran: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, painted: Painted) -> Self:
        changed = None if painted.changed is None else round(painted.changed, 4)
        note = "; ".join(dict.fromkeys(painted.notes))[:_LONGEST_NOTE]
        return cls(changed=changed, note=note, ran=painted.ran)

    @classmethod
    def parse(cls, metadata: Mapping[str, str]) -> Self:
        """The inverse of `metadata`; of an object that an earlier version stored, nothing is known."""
        changed = metadata.get("changed")
        return cls(
            changed=float(changed) if changed else None,
            note=metadata.get("note", ""),
            ran=_parsed(metadata.get("ran", "{}")),
        )

    @property
    def metadata(self) -> dict[str, str]:
        figures = {} if self.changed is None else {"changed": str(self.changed)}
        texts = {"note": self.note, "ran": _short_json(self.ran)}
        return figures | {name: text for name, text in texts.items() if text}


def _parsed(text: str) -> Mapping[str, Any]:
    """Empty for what another program wrote."""
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _short_json(ran: Mapping[str, Any]) -> str:
    """As JSON, without its last entries where all of them would be too long; "" for nothing."""
    entries = list(ran.items())
    while entries:
        text = json.dumps(dict(entries), separators=(",", ":"), default=str)
        if len(quote(text)) <= _LONGEST_RAN:
            return text
        entries.pop()
    return ""


def store(painted: Painted, lease: HeldLease, events: EventStream, context: EditContext) -> Result:
    """Encode and create the object; if another attempt created the object first, that one is the result."""
    spec = lease.attempt.spec
    key = result_key(spec.cache_key)
    bare, kind = encode(painted.image, spec.params.output, spec.params.quality, context.png_effort)
    encoded = stamp(bare, painted.origin, spec, context), kind
    events.emit(Stage.ENCODED)
    remarks = Remarks.of(painted)
    if context.leases.retry_write(lambda: _put(key, encoded, remarks, lease, context)):
        result = _described(encoded[0], painted.image, remarks, spec, context)
        return replace(result, findings=painted.findings)
    if found := find(spec, context):
        # The other attempt's pixels may be others.
        findings = inspect(painted.before, found.image, painted.keep, lease.attempt, context)
        return replace(found.result, findings=findings)
    raise StoreUnavailable(f"object {key!r} was there before ours and is gone again", code="result_gone")


class Found(NamedTuple):
    """A result that was there, without findings, and its pixels."""

    result: Result
    image: Image


def find(spec: EditSpec, context: EditContext) -> Found | None:
    """The object under the cache key, None if there is none; Rejected if it is no image."""
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
    return Found(_described(data, image, _remarks(key, context), spec, context), image)


def _remarks(key: str, context: EditContext) -> Remarks:
    found = context.store.stat(key)
    return Remarks.parse(found.metadata if found else {})


def _put(
    key: str, encoded: tuple[bytes, str], remarks: Remarks, lease: HeldLease, context: EditContext
) -> bool:
    lease.check_fence()
    try:
        return context.store.put_new(key, *encoded, remarks.metadata)
    except StoreUnavailable:
        context.breaker.open()  # claim no items whose results could not be stored either
        raise


def _described(data: bytes, image: Image, remarks: Remarks, spec: EditSpec, context: EditContext) -> Result:
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
        changed=remarks.changed,
        note=remarks.note,
        ran=remarks.ran,
    )
