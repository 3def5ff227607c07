"""Builds implementations from settings; no other package chooses one."""

from qie_batch.wiring.engines import InstalledEngines, worker_devices
from qie_batch.wiring.exports import channel, destination, export_context
from qie_batch.wiring.gates import gate_names
from qie_batch.wiring.reviews import choices_context, finalise_context, review_context, sheet_context
from qie_batch.wiring.schedules import schedule_context
from qie_batch.wiring.services import (
    buckets,
    celery,
    database,
    decoders,
    dispatch_context,
    fsck_context,
    gauges_context,
    housekeeping,
    ledger,
    limits,
    needed,
    prune_context,
    queue,
    s3,
    settle_context,
    store,
    submit_context,
)
from qie_batch.wiring.signing import credentials
from qie_batch.wiring.tenants import (
    batch_context,
    gateway_limits,
    submission_context,
    take_context,
    tenant_submit_context,
)
from qie_batch.wiring.webhooks import dingtalk_robot, notify_context, summary_context, webhook_sender
from qie_batch.wiring.worker import edit_context

__all__ = [
    "InstalledEngines",
    "batch_context",
    "buckets",
    "celery",
    "channel",
    "choices_context",
    "credentials",
    "database",
    "decoders",
    "destination",
    "dingtalk_robot",
    "dispatch_context",
    "edit_context",
    "export_context",
    "finalise_context",
    "fsck_context",
    "gate_names",
    "gateway_limits",
    "gauges_context",
    "housekeeping",
    "ledger",
    "limits",
    "needed",
    "notify_context",
    "prune_context",
    "queue",
    "review_context",
    "s3",
    "schedule_context",
    "settle_context",
    "sheet_context",
    "store",
    "submission_context",
    "submit_context",
    "summary_context",
    "take_context",
    "tenant_submit_context",
    "webhook_sender",
    "worker_devices",
]
