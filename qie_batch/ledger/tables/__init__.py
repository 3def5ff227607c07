"""The tables. Times are seconds since 1970 by the database's clock; money is micro-dollars."""

from __future__ import annotations

from qie_batch.ledger.tables.gateway import api_keys, batches, files, outbox, requests, tenants
from qie_batch.ledger.tables.jobs import (
    attempts,
    items,
    jobs,
    results,
    runs,
    schedules,
    variables,
    workers,
    workload,
)
from qie_batch.ledger.tables.names import metadata
from qie_batch.ledger.tables.reviews import reviews

__all__ = [
    "api_keys",
    "attempts",
    "batches",
    "files",
    "items",
    "jobs",
    "metadata",
    "outbox",
    "requests",
    "results",
    "reviews",
    "runs",
    "schedules",
    "tenants",
    "variables",
    "workers",
    "workload",
]
