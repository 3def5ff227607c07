"""The nouns as frozen values, and the states an item goes through.

Units: seconds are floats, times are seconds since 1970 (UTC) by the ledger's clock, money is whole
micro-dollars (USD 1 = 1,000,000), so that sums are exact.
"""

from qie_batch.model.accounts import CostLine, History, Progress, Spending
from qie_batch.model.attempts import Attempt, Hint, Worker
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
from qie_batch.model.rows import BadRow, ManifestRow
from qie_batch.model.schedules import Schedule, Slot
from qie_batch.model.states import FINAL, ItemState, JobState, Outcome, Priority, SlotState

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
    "Hint",
    "History",
    "Item",
    "ItemState",
    "Job",
    "JobState",
    "ManifestRow",
    "NewItem",
    "NewJob",
    "Outcome",
    "OutputFormat",
    "Preset",
    "Priority",
    "Progress",
    "Result",
    "Schedule",
    "Slot",
    "SlotState",
    "Spending",
    "Worker",
]
