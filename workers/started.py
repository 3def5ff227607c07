"""Tells how a worker process came to be ready: in its log, its metrics and the ledger."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from qie_batch import wiring
from qie_batch.errors import QieError
from qie_batch.metrics.workers import count_start

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

    from qie_batch.model import Worker, WorkerStart
    from qie_batch.settings import Settings

log = logging.getLogger(__name__)


def tell_start(worker: Worker, start: WorkerStart, settings: Settings, registry: CollectorRegistry) -> None:
    """A ledger that is away keeps no process from its work."""
    phases = ", ".join(f"{name} {seconds:.1f}" for name, seconds in start.phases.items())
    log.info("engine %s on %s is ready after %.1f s: %s", worker.engine, worker.device, start.seconds, phases)
    count_start(registry, worker.engine, start)
    try:
        ledger = wiring.ledger(settings)
        ledger.workers.began(worker, start)
        ledger.dispose()
    except QieError as error:
        log.warning("how this process began is not in the ledger: %s", error.message)
