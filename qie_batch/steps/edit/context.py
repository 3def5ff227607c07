from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from qie_batch.images.provenance import USUAL_STAMPING

if TYPE_CHECKING:
    from qie_batch.images import Limits, PngEffort
    from qie_batch.images.provenance import Stamping
    from qie_batch.images.sandbox import DecoderPool
    from qie_batch.interfaces import Attempts, Engine, Gates, ObjectStore, Observer
    from qie_batch.model import RetryPolicy, Worker
    from qie_batch.steps.edit.breaker import CircuitBreaker
    from qie_batch.steps.edit.device import Device
    from qie_batch.steps.edit.leases import LeaseKeeper


@dataclass(frozen=True, slots=True, kw_only=True)
class EditContext:
    """What the edit step of a worker process needs."""

    attempts: Attempts
    store: ObjectStore
    engine: Engine
    worker: Worker
    leases: LeaseKeeper
    breaker: CircuitBreaker
    #: Decodes images outside of this process.
    decoders: DecoderPool
    #: Held while the engine edits; other items are in transfer meanwhile.
    device: Device
    #: The limits of an input image.
    limits: Limits
    policy: RetryPolicy
    observe: Observer
    #: Seconds without a step after which an edit is hung.
    hang_seconds: float
    png_effort: PngEffort = "fast"
    stamping: Stamping = USUAL_STAMPING
    #: None where no result is looked at.
    gates: Gates | None = None
