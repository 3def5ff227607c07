"""The edit context of a worker process."""

from __future__ import annotations

import os
import socket
import time
from typing import TYPE_CHECKING

from qie_batch.wiring import services
from qie_batch.wiring.compile_cache import local_compile_cache
from qie_batch.wiring.engines import InstalledEngines
from qie_batch.wiring.gates import installed_gates

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

    from qie_batch.settings import Settings
    from qie_batch.steps.edit import EditContext
    from qie_batch.wiring.start import StartClock


def edit_context(settings: Settings, registry: CollectorRegistry, clock: StartClock) -> EditContext:
    """The context with the engine loaded, which takes minutes on a GPU; it counts into the registry."""
    from qie_batch.images.provenance import Stamping
    from qie_batch.metrics import EditMetrics, WorkerMetrics
    from qie_batch.metrics.decoders import DecoderMetrics
    from qie_batch.metrics.services import TimedAttempts, TimedStore
    from qie_batch.model import RETRY_POLICY, Worker
    from qie_batch.steps.edit import Device, EditContext, LeaseKeeper
    from qie_batch.steps.edit.breaker import CircuitBreaker
    from qie_batch.steps.edit.events import all_of, log_outcome
    from qie_batch.stores.s3 import check_bucket
    from qie_batch.tracing import EditSpans

    catalog = InstalledEngines(settings)
    name = catalog.choose().info.name
    attempts = TimedAttempts(services.ledger(settings).attempts, registry)
    store = TimedStore(services.store(settings), registry)
    check_bucket(services.s3(settings), settings.s3_bucket)  # before the engine is loaded
    clock.end("services")
    began = time.monotonic()
    with local_compile_cache(settings) as folder:
        engine = catalog.create(name, compile_cache=folder)
    load_seconds = time.monotonic() - began
    clock.end("engine", getattr(engine, "start_phases", {}))
    worker = Worker(
        name=settings.worker_name or f"{socket.gethostname()}-{os.getpid()}",
        engine=name,
        device=engine.device,
        rate=catalog.rate(engine.info, engine.device),
    )
    breaker = CircuitBreaker(store)
    device = Device(engine.info.concurrency, shared=engine.info.on_cuda)
    WorkerMetrics(
        registry,
        worker,
        market=settings.market,
        load_seconds=load_seconds,
        is_breaker_open=lambda: breaker.is_open,
        edits_running=lambda: device.holders,
    )
    return EditContext(
        attempts=attempts,
        store=store,
        engine=engine,
        worker=worker,
        leases=LeaseKeeper(attempts, settings.lease_seconds),
        breaker=breaker,
        decoders=services.decoders(settings, DecoderMetrics(registry)),
        device=device,
        limits=services.limits(settings),
        policy=RETRY_POLICY,
        observe=all_of(
            log_outcome,
            EditMetrics(registry, worker, settings.market, engine.info.presets),
            EditSpans(),
        ),
        hang_seconds=engine.info.deadline_seconds or settings.hang_seconds,
        png_effort=settings.png_effort,
        stamping=Stamping(credit=settings.credit, keep_rights=settings.keep_rights),
        gates=installed_gates(settings),
    )
