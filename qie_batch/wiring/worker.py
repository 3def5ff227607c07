"""The edit context of a worker process."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

from qie_batch.wiring import services
from qie_batch.wiring.engines import InstalledEngines

if TYPE_CHECKING:
    from qie_batch.settings import Settings
    from qie_batch.steps.edit import EditContext


def edit_context(settings: Settings) -> EditContext:
    """The context with the engine loaded, which takes minutes on a GPU."""
    from qie_batch.model import RETRY_POLICY, Worker
    from qie_batch.steps.edit import Device, EditContext, LeaseKeeper
    from qie_batch.steps.edit.breaker import CircuitBreaker
    from qie_batch.steps.edit.events import log_outcome
    from qie_batch.stores.s3 import check_bucket

    catalog = InstalledEngines(settings)
    name = catalog.choose().info.name
    ledger, store = services.ledger(settings), services.store(settings)
    check_bucket(services.s3(settings), settings.s3_bucket)  # before the engine is loaded
    engine = catalog.create(name)
    return EditContext(
        attempts=ledger.attempts,
        store=store,
        engine=engine,
        worker=Worker(
            name=settings.worker_name or f"{socket.gethostname()}-{os.getpid()}",
            engine=name,
            device=engine.device,
            rate=catalog.rate(engine.info, engine.device),
        ),
        leases=LeaseKeeper(ledger.attempts, settings.lease_seconds),
        breaker=CircuitBreaker(store),
        decoders=services.decoders(settings),
        device=Device(engine.info.concurrency),
        limits=services.limits(settings),
        policy=RETRY_POLICY,
        observe=log_outcome,
        hang_seconds=engine.info.deadline_seconds or settings.hang_seconds,
    )
