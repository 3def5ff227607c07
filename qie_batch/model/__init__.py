"""The nouns as frozen values, and the states an item goes through.

Units: seconds are floats, times are seconds since 1970 (UTC) by the ledger's clock, money is whole
micro-dollars (USD 1 = 1,000,000), so that sums are exact.
"""

from qie_batch.model.access import ApiKey, DaySpending, Scope, Tenant, is_tenant_name
from qie_batch.model.attempts import ON_DEVICE, Attempt, Message, Rate, Usage, Worker
from qie_batch.model.costs import CostLine, Estimate, History, Progress, Spending
from qie_batch.model.edits import (
    SCHEMA_VERSION,
    EditParams,
    EditRequest,
    EditResult,
    EditSpec,
    OutputFormat,
    cache_key_of,
)
from qie_batch.model.engines import DEVICE_HOUR, FREE, EngineInfo, EngineLimits, Preset, Tariff
from qie_batch.model.events import PHASES, EditEvent, Ending, Stage
from qie_batch.model.files import Batch, BatchFault, BatchState, RequestCounts, StoredFile
from qie_batch.model.gauges import Backlog, GaugeReading, ItemGroup, Workload
from qie_batch.model.images import ImageHeader
from qie_batch.model.jobs import (
    Failure,
    Item,
    ItemSelection,
    Job,
    JobSelection,
    NewItem,
    NewJob,
    OldJob,
    Result,
)
from qie_batch.model.orders import JobOrder, ReadingOptions, RowDefaults
from qie_batch.model.requests import KnownRequest
from qie_batch.model.retries import RETRY_POLICY, RetryPolicy, may_pass
from qie_batch.model.reviews import Choice, Decision, Judgement, Refusal, Review, Show
from qie_batch.model.rows import BadRow, InvalidManifest, ManifestRow
from qie_batch.model.schedules import Schedule, ScheduledRun
from qie_batch.model.states import (
    BATCH_PRIORITIES,
    FINAL,
    UNFINISHED,
    ItemState,
    JobState,
    Outcome,
    Priority,
    RunState,
)
from qie_batch.model.timing import JobTiming, PhaseTiming
from qie_batch.model.webhooks import (
    Webhook,
    WebhookAnswer,
    WebhookEvent,
    WebhookState,
    address_shown,
    new_webhook_secret,
    webhook_key,
)
from qie_batch.model.workers import LiveWorker, RunningEdit, WorkerStart, WorkerState

__all__ = [
    "BATCH_PRIORITIES",
    "DEVICE_HOUR",
    "FINAL",
    "FREE",
    "ON_DEVICE",
    "PHASES",
    "RETRY_POLICY",
    "SCHEMA_VERSION",
    "UNFINISHED",
    "ApiKey",
    "Attempt",
    "Backlog",
    "BadRow",
    "Batch",
    "BatchFault",
    "BatchState",
    "Choice",
    "CostLine",
    "DaySpending",
    "Decision",
    "EditEvent",
    "EditParams",
    "EditRequest",
    "EditResult",
    "EditSpec",
    "Ending",
    "EngineInfo",
    "EngineLimits",
    "Estimate",
    "Failure",
    "GaugeReading",
    "History",
    "ImageHeader",
    "InvalidManifest",
    "Item",
    "ItemGroup",
    "ItemSelection",
    "ItemState",
    "Job",
    "JobOrder",
    "JobSelection",
    "JobState",
    "JobTiming",
    "Judgement",
    "KnownRequest",
    "LiveWorker",
    "ManifestRow",
    "Message",
    "NewItem",
    "NewJob",
    "OldJob",
    "Outcome",
    "OutputFormat",
    "PhaseTiming",
    "Preset",
    "Priority",
    "Progress",
    "Rate",
    "ReadingOptions",
    "Refusal",
    "RequestCounts",
    "Result",
    "RetryPolicy",
    "Review",
    "RowDefaults",
    "RunState",
    "RunningEdit",
    "Schedule",
    "ScheduledRun",
    "Scope",
    "Show",
    "Spending",
    "Stage",
    "StoredFile",
    "Tariff",
    "Tenant",
    "Usage",
    "Webhook",
    "WebhookAnswer",
    "WebhookEvent",
    "WebhookState",
    "Worker",
    "WorkerStart",
    "WorkerState",
    "Workload",
    "address_shown",
    "cache_key_of",
    "is_tenant_name",
    "may_pass",
    "new_webhook_secret",
    "webhook_key",
]
