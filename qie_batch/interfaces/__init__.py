"""The Protocols of store, queue, ledger, engine, web and observer."""

from qie_batch.interfaces.engine import AlphaForecast, Engine, EngineCatalog, EngineCheck, EngineChoice
from qie_batch.interfaces.ledger import (
    ApiKeys,
    Attempts,
    Audit,
    Clock,
    Costs,
    Dispatch,
    Intake,
    Jobs,
    Recovery,
    Requests,
    Schedules,
    Settlement,
    Tenants,
)
from qie_batch.interfaces.observer import Observer
from qie_batch.interfaces.queue import WorkQueue
from qie_batch.interfaces.store import ObjectReader, ObjectStore, StoredObject
from qie_batch.interfaces.web import Version, WebImages

__all__ = [
    "AlphaForecast",
    "ApiKeys",
    "Attempts",
    "Audit",
    "Clock",
    "Costs",
    "Dispatch",
    "Engine",
    "EngineCatalog",
    "EngineCheck",
    "EngineChoice",
    "Intake",
    "Jobs",
    "ObjectReader",
    "ObjectStore",
    "Observer",
    "Recovery",
    "Requests",
    "Schedules",
    "Settlement",
    "StoredObject",
    "Tenants",
    "Version",
    "WebImages",
    "WorkQueue",
]
