"""The nouns as frozen values, and the states an item goes through.

Units: seconds are floats, times are seconds since 1970 (UTC) by the ledger's clock, money is whole
micro-dollars (USD 1 = 1,000,000), so that sums are exact.
"""

from qie_batch.model.attempts import Attempt, Message, Worker
from qie_batch.model.costs import CostLine, History, Progress, Spending
from qie_batch.model.edits import (
    PRESETS,
    SCHEMA_VERSION,
    EditRequest,
    EditResult,
    EditSpec,
    OutputFormat,
    Preset,
)
from qie_batch.model.jobs import Failure, Item, Job, NewItem, NewJob, Result
from qie_batch.model.rows import BadRow, InvalidManifest, ManifestRow
from qie_batch.model.schedules import Schedule, ScheduledRun
from qie_batch.model.states import FINAL, ItemState, JobState, Outcome, Priority, RunState

__all__ = [
    "FINAL",
    "PRESETS",
    "SCHEMA_VERSION",
    "Attempt",
    "BadRow",
    "CostLine",
    "EditRequest",
    "EditResult",
    "EditSpec",
    "Failure",
    "History",
    "InvalidManifest",
    "Item",
    "ItemState",
    "Job",
    "JobState",
    "ManifestRow",
    "Message",
    "NewItem",
    "NewJob",
    "Outcome",
    "OutputFormat",
    "Preset",
    "Priority",
    "Progress",
    "Result",
    "RunState",
    "Schedule",
    "ScheduledRun",
    "Spending",
    "Worker",
]
