"""The Protocols of store, queue, ledger, engine, web and observer."""

from qie_batch.interfaces.engine import (
    AlphaForecast,
    Engine,
    EngineCatalog,
    EngineCheck,
    EngineChoice,
    ServedEngine,
)
from qie_batch.interfaces.ledger import (
    ApiKeys,
    Attempts,
    Audit,
    Batches,
    Clock,
    Costs,
    Dispatch,
    Files,
    Intake,
    Jobs,
    Outbox,
    Recovery,
    Requests,
    Schedules,
    Settlement,
    Tenants,
    WebhookSecrets,
    Workers,
)
from qie_batch.interfaces.observer import Observer
from qie_batch.interfaces.queue import WorkQueue
from qie_batch.interfaces.store import ObjectReader, ObjectStore, StoredObject
from qie_batch.interfaces.web import Version, WebhookSender, WebImages

__all__ = [
    "AlphaForecast",
    "ApiKeys",
    "Attempts",
    "Audit",
    "Batches",
    "Clock",
    "Costs",
    "Dispatch",
    "Engine",
    "EngineCatalog",
    "EngineCheck",
    "EngineChoice",
    "Files",
    "Intake",
    "Jobs",
    "ObjectReader",
    "ObjectStore",
    "Observer",
    "Outbox",
    "Recovery",
    "Requests",
    "Schedules",
    "ServedEngine",
    "Settlement",
    "StoredObject",
    "Tenants",
    "Version",
    "WebImages",
    "WebhookSecrets",
    "WebhookSender",
    "WorkQueue",
    "Workers",
]
